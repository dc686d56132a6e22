/** Dates of the demo company: days counted from the Monday of the week in which the emulator starts. */
import type { JsonObject } from './item-parts.ts'
import type { Mailbox } from './state.ts'
import { DAY, dateText } from './zones.ts'

/** Finds a demo person's mailbox by first name. */
export type Box = (name: string) => Mailbox

export class Week {
  readonly #monday: number

  constructor(now: number) {
    const today = Math.floor(now / DAY)
    this.#monday = (today - ((((today + 3) % 7) + 7) % 7)) * DAY
  }

  /** The date `day` days after this week's Monday. */
  date(day: number): string {
    return dateText(this.#monday + day * DAY)
  }

  at(day: number, time: string, zone: string): JsonObject {
    return { dateTime: `${this.date(day)}T${time}:00`, timeZone: zone }
  }

  slot(day: number): number {
    return this.#monday / DAY + day
  }
}
