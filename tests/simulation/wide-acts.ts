import type { OutgoingRow, OutgoingStore } from '../../src/store/outgoing.ts'
import type { Channel } from '../../src/core/item.ts'
import type { MailboxId } from '../../src/core/ids.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { createMemoryOutgoing, outgoingRow } from '../support/memory-outgoing.ts'
import type { Violation } from './history.ts'
import { nameOf } from './projection.ts'
import type { Beat } from './story.ts'
import type { Witness } from './witness.ts'

/** What people do in the back-office of a wide world: they answer, decide, look ahead and send mail. */
export type Decision = Extract<Beat, { do: 'answer' | 'decide' | 'preview' | 'send' }>

export const isDecision = (beat: Beat): beat is Decision =>
  beat.do === 'answer' || beat.do === 'decide' || beat.do === 'preview' || beat.do === 'send'

/** What of a world the back-office needs. */
export interface Desk {
  readonly engine: Engine
  readonly mailbox: MailboxId
  readonly channels: readonly Channel[]
  readonly store: {
    dump(): {
      readonly operations: readonly Row[]
      readonly conflicts: readonly { readonly id: Parameters<Engine['answer']>[0]; readonly record: string }[]
      readonly records: readonly { readonly version: number }[]
    }
  }
  readonly people: Witness
  readonly log: string[]
  now(): number
  /** Runs something of the engine's; a crash in it ends the process and a new one is started. */
  run(what: string, work: () => Promise<unknown>): Promise<void>
  /** Writes to Microsoft by the engine so far. */
  written(): number
  /** Carries a decision about a run out. */
  decides(run: Row['run'], yes: boolean, work: () => Promise<void>): Promise<void>
}

interface Row {
  readonly run: Parameters<Engine['approve']>[0]
  readonly record: string
  readonly do: string
  readonly state: string
  readonly title: string
}

export class BackOffice {
  readonly outgoing = createMemoryOutgoing()
  readonly violations: Violation[] = []
  /** Items whose deletion a person declined: they stand again, and rightly. */
  readonly declined = new Set<string>()
  /** Items with a conflict that a person answered: a value from before may stand again, and rightly. */
  readonly answered = new Set<string>()

  async act(desk: Desk, beat: Decision): Promise<void> {
    switch (beat.do) {
      case 'answer':
        return this.#answer(desk, beat.nth, beat.side)
      case 'decide':
        return this.#decide(desk, beat.yes)
      case 'preview':
        return this.#preview(desk)
      case 'send': {
        const row = outgoingRow(beat.mail, desk.mailbox, desk.now(), { subject: `${beat.mail} mail` })
        this.outgoing.rows.set(row.id, row)
        desk.log.push(`mail ${beat.mail}`)
      }
    }
  }

  /** Sends what is due, as the product does after a pass. */
  async send(desk: Desk): Promise<void> {
    const open = ['waiting', 'drafting', 'drafted', 'sending']
    if (![...this.outgoing.rows.values()].some((row) => open.includes(row.state))) return
    await desk.run('mail', () => desk.engine.sendMail(desk.mailbox))
  }

  async #answer(desk: Desk, nth: number, side: 'crm' | 'mailbox'): Promise<void> {
    const { conflicts, operations } = desk.store.dump()
    const conflict = conflicts[nth % Math.max(1, conflicts.length)]
    if (conflict === undefined) return
    const titles = operations.filter((row) => row.record === conflict.record).map((row) => nameOf(row.title))
    for (const item of titles) this.answered.add(item)
    await desk.people.decided(titles[0] ?? '', () =>
      desk.run('answer', () => desk.engine.answer(conflict.id, { side, by: 'anna' })),
    )
  }

  async #decide(desk: Desk, yes: boolean): Promise<void> {
    const held = desk.store.dump().operations.filter((row) => row.state === 'held')
    for (const run of new Set(held.map((row) => row.run))) {
      if (!yes)
        for (const row of held)
          if (row.run === run && row.do === 'delete') this.declined.add(nameOf(row.title))
      await desk.decides(run, yes, () =>
        desk.run(yes ? 'approve' : 'decline', () =>
          yes ? desk.engine.approve(run, { by: 'anna' }) : desk.engine.decline(run, { by: 'anna' }),
        ),
      )
    }
  }

  /** I7 for a preview: it writes nothing to either side. */
  async #preview(desk: Desk): Promise<void> {
    const marks = () => ({
      microsoft: desk.written(),
      crm: desk.store.dump().records.reduce((sum, record) => sum + record.version, 0),
    })
    const before = marks()
    for (const channel of desk.channels)
      await desk.run('preview', () => desk.engine.preview(desk.mailbox, channel))
    const after = marks()
    if (before.microsoft !== after.microsoft || before.crm !== after.crm)
      this.violations.push({
        invariant: 'I7',
        says: `a preview wrote: ${JSON.stringify(before)} became ${JSON.stringify(after)}`,
      })
  }
}

/** I9: each mail that a person sent is delivered at most once, and says so. */
export function judgeMail(
  rows: readonly OutgoingRow[],
  delivered: readonly { readonly subject: string }[],
): Violation[] {
  const found: Violation[] = []
  for (const row of rows) {
    const times = delivered.filter((mail) => mail.subject === row.mail.subject).length
    if (times > 1)
      found.push({ invariant: 'I9', says: `mail "${row.mail.subject}" was delivered ${times} times` })
    if (times === 0 && row.state === 'sent')
      found.push({ invariant: 'I9', says: `mail "${row.mail.subject}" counts as sent and never left` })
    if (times === 1 && row.state === 'failed')
      found.push({ invariant: 'I9', says: `mail "${row.mail.subject}" left and counts as surely not sent` })
  }
  return found
}

/** The queue of outgoing mail, with a step before and after each commit. */
export const steppedOutgoing = (
  outgoing: OutgoingStore,
  step: (label: string) => Promise<void>,
): OutgoingStore => ({
  due: (...args) => outgoing.due(...args),
  move: async (lease, from, row) => {
    await step(`mail ${from} to ${row.state}`)
    const moved = await outgoing.move(lease, from, row)
    await step('mail done')
    return moved
  },
})
