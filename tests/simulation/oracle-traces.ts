import type { History, Violation } from './history.ts'
import { nameOf } from './projection.ts'
import type { Playable } from './run.ts'
import type { Shape } from './story.ts'

/**
 * Judges what was done on the way, not where it ended: by the emulator's logs and the journal. Whatever heals itself
 * before the end (a record deleted and restored, a request too many) is seen here only.
 */
export function judgeTraces(world: Playable, shape: Shape): Violation[] {
  const found: Violation[] = []
  const say = (invariant: string, says: string): void => void found.push({ invariant, says })
  oneWay(world, shape, say)
  deletions(world, say)
  journalled(world, say)
  invitations(world, say)
  if ((world.busiest ?? 0) > REQUESTS_AT_ONCE_MAX)
    say('I16', `${world.busiest} requests were on their way to one mailbox at once`)
  return found
}

type Say = (invariant: string, says: string) => void
/** Outlook's limit for one app and mailbox. */
const REQUESTS_AT_ONCE_MAX = 4

export const writesOfEngine = (world: Playable) =>
  world.emulator.control.logs.writes.entries.filter(
    (entry) => entry.actor.startsWith('app:') && !entry.bumpOnly,
  )
export const titleOf = (item: unknown): string => {
  const { subject, title } = item as { readonly subject?: unknown; readonly title?: unknown }
  return typeof subject === 'string' ? subject : typeof title === 'string' ? title : ''
}

/** S4: a one-way direction never writes its source. */
function oneWay(world: Playable, { direction }: Shape, say: Say): void {
  if (direction === 'mailbox-to-crm') {
    const first = writesOfEngine(world).find((entry) => entry.kind !== 'message')
    if (first !== undefined)
      say('S4', `Microsoft to CRM, and "${titleOf(first.after)}" was ${first.operation} in Microsoft 365`)
  }
  if (direction === 'crm-to-mailbox') {
    // A deletion that a person takes back is taken back where the record lies, whatever the direction, and so is
    // that undo (R38).
    const first = world.store
      .dump()
      .operations.find(
        (row) =>
          row.side === 'crm' && row.state === 'written' && !(row.do !== 'update' && row.rule === 'R38'),
      )
    if (first !== undefined) say('S4', `CRM to Microsoft, and "${first.title}" was written in the CRM`)
  }
}

/** I13, I17: nothing is deleted on one side that no person deleted on the other. */
function deletions(world: Playable, say: Say): void {
  for (const operation of world.store.dump().operations) {
    if (operation.do !== 'delete' || operation.state !== 'written') continue
    const name = nameOf(operation.title)
    const other = operation.side === 'crm' ? 'mailbox' : 'crm'
    if (operation.rule === 'R38' && world.acts?.undoing.unmade.has(name)) continue // a person asked for it
    // A meeting of somebody else that was deleted with the record, which was then restored alone.
    if (operation.rule === 'R25' && personDeleted(world.history, name, operation.side)) continue
    if (!personDeleted(world.history, name, other))
      say(
        'I13',
        `"${operation.title}" was deleted on the ${operation.side} side (${operation.rule}), and nobody had deleted it on the other`,
      )
  }
}

/** Also by declining: Outlook takes a declined meeting out of the calendar, whichever side it was declined on. */
const personDeleted = (history: History, item: string, side: 'crm' | 'mailbox'): boolean =>
  history
    .of(item)
    .some(
      (act) =>
        (act.what === 'delete' && act.side === side) ||
        (side === 'mailbox' && act.wrote['answer'] === 'declined'),
    )

/** I9: nobody is invited by the engine more often than the CRM person wrote them down. */
function invitations(world: Playable, say: Say): void {
  const invited = new Map<string, number>()
  for (const mail of world.emulator.control.logs.mails.entries) {
    if (mail.kind !== 'meetingRequest' || !mail.actor.startsWith('app:')) continue
    for (const to of mail.to) {
      const key = `${nameOf(mail.subject)} ${to.toLowerCase()}`
      invited.set(key, (invited.get(key) ?? 0) + 1)
    }
  }
  for (const [key, times] of invited) {
    const [item = '', to] = key.split(' ')
    const asked = world.history
      .of(item)
      .filter((act) => act.side === 'crm' && act.wrote['attendees']?.split(',').includes(to ?? '')).length
    if (times > asked + madeAgain(world, item))
      say('I9', `${to} was invited to ${item} ${times} times, and the CRM asked for it ${asked} times`)
  }
}

/**
 * A create whose answer was lost is sent again when nothing with its mark is found; somebody may have deleted the event in
 * Outlook in between, by which its attendees were told that it is off (docs/simulation.md, "What is not covered").
 */
function madeAgain(world: Playable, item: string): number {
  const again = world.store
    .dump()
    .operations.filter((row) => row.side === 'mailbox' && row.do === 'create' && nameOf(row.title) === item)
    .reduce((sum, row) => sum + row.attempts, -1)
  const deleted = world.history.of(item).filter((act) => act.side === 'mailbox' && act.what === 'delete')
  return Math.max(0, Math.min(again, deleted.length))
}

/** I21: what was written to Microsoft has a row in the journal, and there are no more creates than the rows asked for. */
function journalled(world: Playable, say: Say): void {
  const rows = world.store.dump().operations.filter((row) => row.side === 'mailbox')
  const names = new Set(rows.map((row) => nameOf(row.title)))
  const asked = new Map<string, number>()
  for (const row of rows)
    if (row.do === 'create') asked.set(nameOf(row.title), (asked.get(nameOf(row.title)) ?? 0) + row.attempts)
  const made = new Map<string, number>()
  for (const entry of writesOfEngine(world)) {
    const name = nameOf(titleOf(entry.after))
    if (name === '' || (entry.kind !== 'event' && entry.kind !== 'todoTask')) continue
    if (!names.has(name))
      say(
        'I21',
        `"${titleOf(entry.after)}" was ${entry.operation} in Microsoft 365, and the journal has no row for it`,
      )
    if (entry.operation === 'created') made.set(name, (made.get(name) ?? 0) + 1)
  }
  for (const [name, times] of made)
    if (times > (asked.get(name) ?? 0))
      say(
        'I21',
        `${name} was made ${times} times in Microsoft 365, and the journal asked for it ${asked.get(name) ?? 0} times`,
      )
}
