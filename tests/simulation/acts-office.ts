import type { Channel } from '../../src/core/item.ts'
import type { LinkId, MailboxId, OperationId, RunId } from '../../src/core/ids.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { OperationRow, RunRow, UndoWhat } from '../../src/store/sync-store.ts'
import type { ActsBeat } from './acts-beats.ts'
import { isUnique, own, tokensOf } from './acts-people.ts'
import type { Act, History, Violation } from './history.ts'
import type { Holding, Witness } from './witness.ts'
import { nameOf } from './projection.ts'
import type { Beat } from './story.ts'

/**
 * Undoing, as an act of the CRM person: what changed in the CRM by it is what that person wrote, having seen what the CRM
 * held. What an undo must not take back is asked at once (SPEC R38: what changed since is refused).
 */
export interface UndoDesk {
  readonly engine: Engine
  readonly mailbox: MailboxId
  readonly store: {
    dump(): { readonly operations: readonly OperationRow[]; readonly runs: readonly RunRow[] }
  }
  readonly people: Witness
  readonly history: History
  /** Runs something of the engine's, and in its middle what a person does meanwhile. */
  run(
    what: string,
    work: () => Promise<unknown>,
    during?: readonly { readonly at: number; readonly beat: Beat }[],
  ): Promise<void>
}

export class Undoing {
  readonly violations: Violation[] = []
  /** Items of which a person asked that what the sync had made be taken away: each by how many writes. */
  readonly unmade = new Map<string, number>()
  /** Up to which act of a person a write was surely made: what was done later changed it since. */
  readonly #madeBy = new Map<OperationId, number>()
  #looked = 0

  /** After each pass: which writes are there now. */
  note({ store, history }: UndoDesk): void {
    const { operations } = store.dump()
    const stamp = history.acts.at(-1)?.stamp ?? 0
    for (const row of operations)
      if (row.state === 'written' && !this.#madeBy.has(row.id)) this.#madeBy.set(row.id, stamp)
    this.#looked += 1
  }

  async undo(desk: UndoDesk, beat: Extract<ActsBeat, { do: 'undo' }>): Promise<void> {
    const { engine, mailbox } = desk
    const found = targetOf(desk, beat)
    if (found === null) return
    const { channel, what } = found
    if (beat.shown) {
      this.#remember(desk, what)
      await desk.run('plan of an undo', () => engine.planUndo(mailbox, channel, what, 'anna'))
    } else
      await this.carriedOut(desk, what, () =>
        desk.run(
          'undo',
          () => engine.undo(mailbox, channel, what, 'anna'),
          beat.during === undefined ? [] : [beat.during],
        ),
      )
    this.note(desk)
  }

  /** What an undo did, as acts of the CRM person; judged by what was done since the writes that it takes back. */
  async carriedOut(desk: UndoDesk, what: UndoWhat, work: () => Promise<void>): Promise<void> {
    const { history, people } = desk
    const since = this.#remember(desk, what)
    const begun = history.acts.length
    const before = people.holdingsOfCrm()
    const known = writtenByUndo(desk)
    await work()
    const after = people.holdingsOfCrm()
    const acts = history.acts.slice(0, begun)
    // What else comes into the CRM meanwhile (Microsoft's answers to other writes) is not this person's doing.
    for (const [id, row] of writtenByUndo(desk)) {
      const item = nameOf(row.title)
      if (known.has(id)) continue
      const groups = row.do === 'update' ? Object.keys(row.after ?? {}) : null
      const act = actOf(people, item, before.get(item)?.[0], after.get(item)?.[0], groups)
      if (act === null) continue
      history.add(act)
      const floor = since.get(item)
      if (floor === undefined) this.#say(`an undo changed ${item}, which it does not speak of`)
      else this.#judge(act, floor, acts)
    }
  }

  /** R38: whatever a person of the CRM did since is not taken back by an undo. */
  #judge(act: Act, floor: number, acts: readonly Act[]): void {
    const later = acts.filter(
      (each) =>
        each.item === act.item &&
        each.side === 'crm' &&
        each.stamp > floor &&
        each.decided !== true &&
        each.what !== 'restore',
    )
    if (act.what === 'delete') {
      const edit = later.findLast((each) =>
        Object.entries(each.wrote).some(
          ([group, value]) => each.saw?.[group] !== value && stillStands(act, group, value),
        ),
      )
      const takenUp = later.some((each) => each.what === 'delete' && each.stamp > (edit?.stamp ?? 0))
      if (edit !== undefined && !takenUp)
        this.#say(`an undo deleted ${act.item}, which the crm user had changed since, in step ${edit.stamp}`)
      return
    }
    for (const [group, value] of Object.entries(act.wrote)) {
      const edit = later.find(
        (each) => each.wrote[group] !== undefined && each.wrote[group] === act.saw?.[group],
      )
      if (edit !== undefined && isUnique(group) && edit.wrote[group] !== value)
        this.#say(
          `an undo took back ${act.item}.${group}, which the crm user had changed since, in step ${edit.stamp}`,
        )
    }
  }

  #say(says: string): void {
    this.violations.push({ invariant: 'R38', says })
  }

  /** Items that the undo speaks of, each with the last act that its newest write may have seen. */
  #remember({ store }: UndoDesk, what: UndoWhat): ReadonlyMap<string, number> {
    const since = new Map<string, number>()
    for (const row of store.dump().operations) {
      if (row.state !== 'written' || !isMeant(row, what)) continue
      const item = nameOf(row.title)
      since.set(item, Math.max(since.get(item) ?? 0, this.#madeBy.get(row.id) ?? Infinity))
      if (row.do === 'create' || row.do === 'restore') this.unmade.set(item, (this.unmade.get(item) ?? 0) + 1)
    }
    return since
  }
}

/** What undoing wrote to the CRM so far. */
const writtenByUndo = ({ store }: UndoDesk): ReadonlyMap<OperationId, OperationRow> =>
  new Map(
    store
      .dump()
      .operations.filter((row) => row.rule === 'R38' && row.side === 'crm' && row.state === 'written')
      .map((row) => [row.id, row]),
  )

/** An edit that was itself taken back since is nothing that an undo could lose. */
const stillStands = ({ saw }: Act, group: string, value: string): boolean =>
  group.endsWith('/cancelled')
    ? saw?.[`${group.slice(0, 14)}/subject`] === undefined
    : isUnique(group) && saw?.[group] === value

const isMeant = (row: OperationRow, what: UndoWhat): boolean =>
  (what.run === undefined || row.run === what.run) &&
  (what.link === undefined || row.link === what.link) &&
  (what.operations === undefined || what.operations.includes(row.id))

interface Target {
  readonly channel: Channel
  readonly what: UndoWhat
}

function targetOf({ store, mailbox }: UndoDesk, beat: Extract<ActsBeat, { do: 'undo' }>): Target | null {
  const written = store.dump().operations.filter((row) => row.mailbox === mailbox && row.state === 'written')
  const runs = [...new Set<RunId>(written.map((row) => row.run))].reverse()
  const run = runs[beat.nth % Math.max(1, runs.length)]
  const rows = written.filter((row) => row.run === run)
  const one = rows[beat.nth % Math.max(1, rows.length)]
  if (run === undefined || one === undefined) return null
  const link: LinkId = one.link
  const what: UndoWhat =
    beat.of === 'run' ? { run } : beat.of === 'item' ? { run, link } : { operations: [one.id] }
  return { channel: one.channel, what }
}

/** Whether a plain group is one of these of the CRM's, or shows through from one of them. */
const isAmong = (group: string, groups: readonly string[] | null): boolean =>
  groups === null ||
  groups.some(
    (each) =>
      group === each.replace(/^occurrence/, 'occ') ||
      group.endsWith(`/${each}`) ||
      (group.startsWith('occ/') &&
        (each === 'recurrence' || each === `occurrence/${group.slice(4, 14)}/cancelled`)),
  )

function actOf(
  people: Witness,
  item: string,
  before: Holding | undefined,
  after: Holding | undefined,
  groups: readonly string[] | null,
): Act | null {
  const common = { side: 'crm', item, decided: true, saw: before?.plain ?? null } as const
  if (after === undefined)
    return { ...common, stamp: people.nextStamp(), what: 'delete', wrote: {}, tokens: {} }
  const held = before?.plain ?? {}
  const its = own(after.plain)
  const wrote = Object.fromEntries(
    Object.entries(before === undefined ? its : after.plain)
      .filter(([group, now]) => now !== held[group] && isAmong(group, groups))
      // An occurrence that goes with its series again has nothing of its own.
      .map(([group, now]) => [group, its[group] === undefined ? '' : now]),
  )
  for (const group of Object.keys(held))
    if (group.startsWith('occ/') && after.plain[group] === undefined)
      wrote[`${group.slice(0, 14)}/cancelled`] = 'yes'
  if (Object.keys(wrote).length === 0) return null
  const restored =
    before === undefined ? ({ what: 'restore', over: 'both' } as const) : ({ what: 'edit' } as const)
  return { ...common, stamp: people.nextStamp(), ...restored, wrote, tokens: tokensOf(wrote) }
}
