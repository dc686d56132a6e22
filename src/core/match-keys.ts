import { eventFields, messageFields, taskFields, type Item } from './item.ts'
import { normalTitle } from './text.ts'
import { formatInstant, toInstant } from './time.ts'

/**
 * What an item may be recognised by on the other side at first sync, the surest first. Items of both sides with a key
 * in common may be the same; whether they are is decided by the rules, never here. SPEC.md section R.
 *
 * `container` is the CRM's task list or calendar, the same word for both sides: tasks with one title in two lists are
 * two tasks.
 */
export function matchKeys(item: Item, container = ''): string[] {
  switch (item.kind) {
    case 'event': {
      const { subject, time } = eventFields(item)
      const span = time.allDay
        ? `${time.start}|${time.end}|all-day`
        : `${formatInstant(toInstant(time.start, time.zone))}|${formatInstant(toInstant(time.end, time.endZone ?? time.zone))}|timed`
      const { iCalUId } = item.facts
      return [...(iCalUId ? [`ical:${iCalUId.toLowerCase()}`] : []), `key:${normalTitle(subject)}|${span}`]
    }
    case 'task': {
      const { subject, due } = taskFields(item)
      return [`task:${normalTitle(subject)}|${due ?? ''}|${container}`]
    }
    case 'message': {
      const { internetMessageId } = item.facts
      if (internetMessageId) return [`mid:${internetMessageId.trim()}`]
      const { subject, from, sentAt } = messageFields(item)
      return sentAt === null ? [] : [`sent:${from?.email ?? ''}|${sentAt}|${normalTitle(subject)}`]
    }
  }
}
