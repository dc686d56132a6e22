import type { Act, History } from './history.ts'
import type { Beat, Resource } from './story.ts'

/**
 * What is common to the two people of a world, whatever they work on: each does one thing at a time, sees its own side
 * only, and what it saw and wrote is written down.
 */
type Bag = Readonly<Record<string, unknown>>

export interface Holding {
  readonly id: string
  readonly resource: Resource
  readonly plain: Readonly<Record<string, string>>
  readonly raw: Bag
}

/** What a person does to one item with their own hands. */
export type Personal = Extract<
  Beat,
  { do: 'create' | 'edit' | 'delete' | 'occurrence' | 'complete' | 'pattern' | 'poison' | 'recover' }
>
const PERSONAL: ReadonlySet<string> = new Set([
  'create',
  'edit',
  'delete',
  'occurrence',
  'complete',
  'pattern',
  'poison',
  'recover',
])
export const isPersonal = (beat: Beat): beat is Personal => PERSONAL.has(beat.do)

export abstract class Witness {
  readonly #history: History
  #stamp: number
  /** Versions that the CRM person made: what the engine did not write. */
  recordWrites = 0

  /** `stamp`: the number of the first act, less one: so the values of people who have nothing to do with each other differ. */
  constructor(history: History, stamp = 0) {
    this.#history = history
    this.#stamp = stamp
  }

  nextStamp(): number {
    return ++this.#stamp
  }

  abstract holdingsOfCrm(only?: string): Map<string, Holding[]>
  abstract holdingsOfOutlook(only?: string): Promise<Map<string, Holding[]>>
  /** Null when it cannot be done now. */
  protected abstract carryOut(
    beat: Personal,
    side: 'crm' | 'mailbox',
    held: Holding | undefined,
    stamp: number,
  ): Promise<Pick<Act, 'what' | 'wrote' | 'tokens'> | null>

  /** Carries out one beat of a person. Null when it makes no sense now (the item is not there). */
  async act(beat: Beat): Promise<Act | null> {
    if (!isPersonal(beat)) return null
    const side = beat.who === 'crm' ? 'crm' : 'mailbox'
    const { item } = beat
    const held = (side === 'crm' ? this.holdingsOfCrm(item) : await this.holdingsOfOutlook(item)).get(
      item,
    )?.[0]
    if (beat.do === 'create' || beat.do === 'poison') {
      if (held !== undefined || this.#history.of(item).length > 0) return null
    } else if ((held === undefined) !== (beat.do === 'recover')) return null
    const stamp = ++this.#stamp
    const done = await this.carryOut(beat, side, held, stamp)
    if (done === null) return null
    const act: Act = { stamp, side, item, ...done, saw: held?.plain ?? null }
    this.#history.add(act)
    return act
  }

  /** A decision in the back-office is an act of the CRM person: it saw what the CRM held, and wrote what it holds then. */
  async decided(item: string, work: () => Promise<void>): Promise<void> {
    const before = this.holdingsOfCrm(item).get(item)?.[0]?.plain ?? {}
    await work()
    const after = this.holdingsOfCrm(item).get(item)?.[0]?.plain ?? {}
    const wrote = Object.fromEntries(Object.entries(after).filter(([group, now]) => now !== before[group]))
    if (Object.keys(wrote).length === 0) return
    const tokens = Object.fromEntries(
      Object.entries(wrote).map(([group, now]) => [
        group,
        /s\d+z/.exec(now)?.[0] ?? now.split('..')[0] ?? now,
      ]),
    )
    this.#history.add({ stamp: ++this.#stamp, side: 'crm', item, what: 'edit', wrote, tokens, saw: before })
  }
}
