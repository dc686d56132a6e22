import { type Facts, type Fields, type Json, type Kind, eventFields, taskFields } from './item.ts'
import { normalTitle } from './text.ts'
import { toInstant } from './time.ts'

/**
 * By what an item and a record that nobody linked yet are recognised as the same, strongest first. One candidate on
 * each side is a match; several are left to a person (R13).
 */
export function matchKeys(
  kind: Kind,
  item: { readonly fields: Fields; readonly facts: Facts },
): readonly string[] {
  const keys: string[] = []
  switch (kind) {
    case 'event': {
      const { subject, time } = eventFields(item)
      if (item.facts.iCalUId) keys.push(`uid:${item.facts.iCalUId}`)
      if (time === undefined || item.facts.redacted?.includes('subject')) break
      const zone = time.allDay ? '' : time.zone
      const at = (local: string, inZone: string): Json => (time.allDay ? local : toInstant(local, inZone))
      const end = time.allDay ? time.end : at(time.end, time.endZone ?? zone)
      keys.push(
        `event:${JSON.stringify([normalTitle(subject ?? ''), time.allDay, at(time.start, zone), end])}`,
      )
      break
    }
    case 'task': {
      const { subject, due } = taskFields(item)
      keys.push(`task:${JSON.stringify([normalTitle(subject ?? ''), due ?? null])}`)
      break
    }
    case 'message':
      if (item.facts.internetMessageId) keys.push(`message:${item.facts.internetMessageId}`)
  }
  return keys
}
