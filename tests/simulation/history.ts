/**
 * What people did, and what each of them could see when they did it. The oracle judges the end of a world by this
 * history alone: no expected value is computed by the rules of the engine, only sets of allowed ones.
 */
export type WorldSide = 'crm' | 'mailbox'

export interface Act {
  /** The stamp: number of the user operation. */
  readonly stamp: number
  readonly side: WorldSide
  /** The item's name in the story (`i3`), the same on both sides. */
  readonly item: string
  readonly what: 'create' | 'edit' | 'delete' | 'restore'
  /** Group → plain value written (create, edit). */
  readonly wrote: Readonly<Record<string, string>>
  /** Group → token that a conflict record must carry for the value to count as kept. */
  readonly tokens: Readonly<Record<string, string>>
  /** By somebody outside, who organizes the meeting: what a side holds of it is a copy. */
  readonly theirs?: true
  /** A person's word in the back-office (an undo), not their own edit. */
  readonly decided?: true
  /** Of a restored record: whose deletion the person who restored it knew of. */
  readonly over?: 'crm' | 'both'
  /** Group → plain value that this person's side held at that moment; null for a side that had no such item. */
  readonly saw: Readonly<Record<string, string>> | null
}

export interface Violation {
  readonly invariant: string
  readonly says: string
}

export class History {
  readonly acts: Act[] = []

  add(act: Act): void {
    this.acts.push(act)
  }

  items(): string[] {
    return [...new Set(this.acts.map((act) => act.item))]
  }

  of(item: string): Act[] {
    return this.acts.filter((act) => act.item === item)
  }

  /** Every plain value that anybody ever wrote into this group of this item. */
  valuesEver(item: string, group: string): Set<string> {
    const values = new Set<string>()
    for (const act of this.acts) {
      const value = act.item === item ? act.wrote[group] : undefined
      if (value !== undefined) values.add(value)
    }
    return values
  }

  /**
   * Values of a group that nobody saw and replaced: each must be live at the end, or be in a conflict record.
   * A later act saw a value when its side held it while it wrote the same group, or when it deleted the item.
   */
  unseen(item: string, group: string): Act[] {
    const acts = this.of(item)
    return acts.filter((act) => {
      const value = act.wrote[group]
      // What is restored was written before: it is asked of whoever wrote it, because its deletion counts no more.
      if (value === undefined || act.what === 'restore') return false
      return !acts.some(
        (later) =>
          (later.stamp > act.stamp || goesBack(act, later)) &&
          later.saw?.[group] === value &&
          ((later.what === 'delete' && !isTakenBack(later, group, value, acts)) ||
            takesOut(later, group) ||
            dropsExceptions(later, group) ||
            shortensAndDeletes(later, group, acts) ||
            (later.wrote[group] !== undefined && later.wrote[group] !== value)),
      )
    })
  }

  /**
   * The act that saw this value and wrote another one in its place, when nobody has written it since. Who then deleted
   * the item took the new value away as well.
   */
  replacedBy(item: string, group: string, value: string): Act | null {
    const acts = this.of(item)
    const last = acts.findLast((act) => act.wrote[group] === value)
    if (last === undefined) return null
    return (
      acts.find(
        (later) =>
          later.stamp > last.stamp &&
          later.saw?.[group] === value &&
          later.wrote[group] !== undefined &&
          later.wrote[group] !== value &&
          !acts.some((end) => end.stamp > later.stamp && end.side === later.side && end.what === 'delete'),
      ) ?? null
    )
  }
}

/**
 * Who undoes goes back to a value that may be what the other side held all the time: then there is no difference to what both
 * agreed on, and what was done there by somebody who saw that value is newer, whenever it was done.
 */
const goesBack = (act: Act, other: Act): boolean => act.decided === true && other.side !== act.side

/** Whether a record with this value was restored after the deletion, by somebody who knew of it. */
const isTakenBack = (deletion: Act, group: string, value: string, acts: readonly Act[]): boolean =>
  acts.some(
    (act) =>
      act.what === 'restore' &&
      act.stamp > deletion.stamp &&
      act.wrote[group] === value &&
      (act.over === 'both' || deletion.side === 'crm'),
  )

/** Whether the act took the occurrence that the group belongs to out of its series. */
const takesOut = (act: Act, group: string): boolean =>
  group.startsWith('occ/') && act.wrote[`${group.slice(0, 14)}/cancelled`] !== undefined

/**
 * Who shortens a series in the CRM leaves its last exceptions where nobody sees them, and they are on record (R26). Whoever
 * then deletes it there took them away as well, though a series without these days no longer shows them (seed w14244).
 */
const shortensAndDeletes = (act: Act, group: string, acts: readonly Act[]): boolean =>
  group.startsWith('occ/') &&
  act.wrote['count'] !== undefined &&
  acts.some((end) => end.stamp > act.stamp && end.side === act.side && end.what === 'delete')

/** Who changes the pattern of a series in Outlook takes the exceptions away that stood there: Exchange drops them. */
const dropsExceptions = (act: Act, group: string): boolean =>
  group.startsWith('occ/') && act.side === 'mailbox' && act.wrote['count'] !== undefined
