import { addPerson } from '../../src/emulator/demo.ts'
import type { Emulator } from '../../src/emulator/emulator.ts'
import { asId, type MailboxId } from '../../src/core/ids.ts'
import { type ActsBeat } from './acts-beats.ts'
import { type UndoDesk, Undoing } from './acts-office.ts'
import { carriedOut, type Scene } from './acts-people.ts'
import { settled, type Settled } from './mailbox-rows.ts'
import { People } from './people.ts'
import { CARLA } from './values.ts'

/** Ben, whose mailbox is kept in step beside Anna's, and with whose values hers have nothing to do. */
export const BEN = 'ben.okafor@contoso.example'
export const SECOND = asId<MailboxId>('m2')
/** Ben's values have numbers from here on, so that one of them is known wherever it turns up. */
export const BENS_STAMPS = 5_000

/** What of a world the acts layer works on. */
export interface ActsWorld extends UndoDesk, Omit<Scene, 'store'> {
  readonly store: UndoDesk['store'] & Scene['store']
  readonly log: string[]
}

/** What the worlds of the acts layer have besides: Carla, a second mailbox with a person of its own, and undoing. */
export class Acts {
  readonly undoing = new Undoing()
  readonly ben: People
  readonly #settled: Settled

  private constructor(settled: Settled, ben: People) {
    this.#settled = settled
    this.ben = ben
  }

  static async begin(
    emulator: Emulator,
    parts: Omit<ConstructorParameters<typeof People>[0], 'emulator' | 'place' | 'stamp'>,
  ): Promise<Acts> {
    const { store } = emulator.control
    const tenant = store.data.tenants.get(emulator.info.tenantId)
    if (tenant === undefined) throw new Error('The emulated tenant is not there.')
    addPerson(store, tenant, { address: CARLA, displayName: 'Carla Ruiz', timeZone: 'UTC' })
    const second = await settled(emulator, BEN, SECOND, '-2')
    return new Acts(second, new People({ ...parts, emulator, place: second.place, stamp: BENS_STAMPS }))
  }

  get rows(): Settled['rows'] {
    return this.#settled.rows
  }

  async act(world: ActsWorld, beat: ActsBeat): Promise<void> {
    if (beat.do === 'undo') return this.undoing.undo(world, beat)
    if (beat.do === 'other') {
      const act = await this.ben.act(beat.beat)
      if (act !== null) world.log.push(`ben ${act.side} ${act.what} ${act.item} ${JSON.stringify(act.wrote)}`)
      return
    }
    for (const act of await carriedOut(world, beat))
      world.log.push(`act ${act.side} ${act.what} ${act.item} ${JSON.stringify(act.wrote)}`)
  }
}
