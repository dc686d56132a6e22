import { BEN, BENS_STAMPS, SECOND, type Acts } from './acts.ts'
import type { Violation } from './history.ts'
import { titleOf, writesOfEngine } from './oracle-traces.ts'
import { nameOf } from './projection.ts'
import type { Playable } from './run.ts'
import type { Shape } from './story.ts'

/** What is asked of the worlds of the acts layer besides: who was mailed how often, whose value is where, what an undo did. */
export function judgeActs(world: Playable, acts: Acts): Violation[] {
  const found: Violation[] = []
  const say = (invariant: string, says: string): void => void found.push({ invariant, says })
  mails(world, acts, say)
  foreignMeetings(world, say)
  mixed(world, say)
  return [...found, ...acts.undoing.violations]
}

type Say = (invariant: string, says: string) => void

/**
 * Items that stand on one side only because a person said so: an undo took away what the sync had made on the other, or
 * somebody else's meeting is gone, which nobody but its organizer can make again, and its record was not to be deleted.
 */
export function aloneByWord(world: Playable): ReadonlySet<string> {
  const alone = new Set<string>()
  for (const row of world.store.dump().operations) {
    const item = nameOf(row.title)
    if (
      row.rule === 'R38' &&
      row.do === 'delete' &&
      row.state === 'written' &&
      world.acts?.undoing.unmade.has(item)
    )
      alone.add(item)
  }
  for (const item of theirsIn(world)) if (world.office?.declined.has(item)) alone.add(item)
  return alone
}

/**
 * Meetings of Carla's whose record was kept when Anna's copy went: by a person's word, or because a one-way direction keeps
 * what drifted (R21). When Carla then changes the meeting, Exchange delivers it anew as another item, with a record of its own.
 */
export const keptAndInvitedAgain = (world: Playable, { direction }: Shape): ReadonlySet<string> =>
  new Set(
    [...theirsIn(world)].filter(
      (item) =>
        direction !== 'both' || world.office?.declined.has(item) || world.acts?.undoing.unmade.has(item),
    ),
  )

/** Meetings of Carla's. */
const theirsIn = ({ history }: Playable): ReadonlySet<string> =>
  new Set(history.acts.filter((act) => act.theirs === true).map((act) => act.item))

/**
 * I9: what the engine mails about one event is at most what a person did to it: an answer for each answer in the CRM (one
 * more for each in Outlook, after which the CRM's may win a conflict and is told again), an update for each edit, a
 * cancellation for each deletion or change of the attendees in the CRM and for each undo that takes the event away.
 */
function mails(world: Playable, acts: Acts, say: Say): void {
  const sent = new Map<string, number>()
  for (const mail of world.emulator.control.logs.mails.entries) {
    if (!mail.actor.startsWith('app:') || mail.kind === 'message' || mail.kind === 'meetingRequest') continue
    for (const to of mail.to) {
      const key = `${mail.kind} ${nameOf(mail.subject.replace(/^(Accepted|Tentative|Declined): /, ''))} ${to}`
      sent.set(key, (sent.get(key) ?? 0) + 1)
    }
  }
  for (const [key, times] of sent) {
    const [kind = '', item = '', to = ''] = key.split(' ')
    const all = world.history.of(item)
    const crm = all.filter((act) => act.side === 'crm')
    const answers = (some: typeof all): number =>
      some.filter((act) => (act.wrote['answer'] ?? 'none') !== 'none').length
    const asked =
      kind === 'meetingResponse'
        ? answers(crm) === 0
          ? 0
          : answers(all) + askedAgain(world, item)
        : kind === 'meetingUpdate'
          ? all.length
          : crm.filter((act) => act.what === 'delete' || act.wrote['attendees'] !== undefined).length +
            (acts.undoing.unmade.get(item) ?? 0)
    if (times > asked)
      say(
        'I9',
        `${to} was mailed a ${kind} about ${item} ${times} times, and people asked for it ${asked} times`,
      )
  }
}

/**
 * An answer whose own answer was lost is looked up by what the event shows. When its organizer moved the meeting in between,
 * Exchange has forgotten who answered, and nobody can tell: it is told again (docs/simulation.md, "What is not covered").
 */
function askedAgain(world: Playable, item: string): number {
  const again = world.store
    .dump()
    .operations.filter((row) => row.side === 'mailbox' && row.after?.['answer'] !== undefined)
    .filter((row) => nameOf(row.title) === item)
    .reduce((sum, row) => sum + row.attempts, -1)
  const moved = world.history.of(item).filter((act) => act.theirs && act.what === 'edit' && act.wrote['time'])
  return Math.max(0, Math.min(again, moved.length))
}

/** R25: a meeting of somebody else is never made by us, as if it were Anna's own. */
function foreignMeetings(world: Playable, say: Say): void {
  const theirs = theirsIn(world)
  for (const entry of writesOfEngine(world))
    if (entry.operation === 'created' && entry.kind === 'event' && theirs.has(nameOf(titleOf(entry.after))))
      say('R25', `"${titleOf(entry.after)}" is Carla's meeting, and was made in Anna's calendar as her own`)
}

/** I22: no value of one mailbox's person is ever written to the other's, nor kept with what belongs to it. */
function mixed(world: Playable, say: Say): void {
  const ask = (where: string, isBens: boolean, held: unknown): void => {
    for (const [value, stamp] of JSON.stringify(held).matchAll(/s(\d+)z/g))
      if (Number(stamp) > BENS_STAMPS !== isBens) {
        say('I22', `${value} is ${isBens ? 'Anna' : 'Ben'}'s, and is in ${where}`)
        return
      }
  }
  for (const entry of world.emulator.control.logs.writes.entries) {
    if (entry.kind !== 'event' && entry.kind !== 'todoTask') continue
    const { subject, title, body, location, categories, checklistItems } = entry.after as unknown as Record<
      string,
      unknown
    >
    const held = { subject, title, body, location, categories, checklistItems }
    ask(`what was ${entry.operation} in the mailbox of ${entry.mailbox}`, entry.mailbox === BEN, held)
  }
  const { records, operations, conflicts } = world.store.dump()
  for (const record of records)
    ask(`the record ${record.id} in ${record.container}`, record.container.endsWith('-2'), record.fields)
  for (const row of operations)
    ask(`operation ${row.id} of ${row.mailbox}`, row.mailbox === SECOND, [row.before, row.after, row.title])
  for (const row of conflicts)
    ask(`conflict ${row.id} of ${row.mailbox}`, row.mailbox === SECOND, [row.base, row.crm, row.mailboxValue])
}
