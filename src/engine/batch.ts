import type { CollectionId, ItemId, LinkId, OperationId } from '../core/ids.ts'
import type {
  ChannelRow,
  CollectionRow,
  ConflictRow,
  DeferredRow,
  LinkRow,
  OperationOutcome,
  OperationRow,
  ParkedRow,
  RecordWrite,
  RunRow,
  WriteBatch,
} from '../store/sync-store.ts'

/** Everything that one transaction of a pass will write, gathered while it decides, written in one call. */
export class Batch {
  readonly records: RecordWrite[] = []
  readonly operations = new Map<OperationId, OperationRow>()
  readonly outcomes: OperationOutcome[] = []
  readonly conflicts: ConflictRow[] = []
  readonly parked: ParkedRow[] = []
  readonly unparked: NonNullable<WriteBatch['unparked']>[number][] = []
  readonly deferred: DeferredRow[] = []
  readonly undeferred: { collection: CollectionId; item: ItemId }[] = []
  readonly collections = new Map<CollectionId, CollectionRow>()
  channel: ChannelRow | null = null
  run: RunRow | null = null
  readonly #links = new Map<LinkId, LinkRow>()
  readonly #forgotten = new Set<LinkId>()
  readonly #seen = new Map<number, LinkId[]>()

  putLink(row: LinkRow): void {
    this.#forgotten.delete(row.id)
    this.#links.set(row.id, row)
  }

  linkOf(id: LinkId): LinkRow | null {
    return this.#links.get(id) ?? null
  }

  forgetLink(id: LinkId): void {
    this.#links.delete(id)
    this.#forgotten.add(id)
  }

  /** Only the mark that this enumeration listed it: nothing else about the link changed. */
  markSeen(link: LinkRow, generation: number): void {
    if (link.seenGeneration === generation) return
    const list = this.#seen.get(generation) ?? []
    list.push(link.id)
    this.#seen.set(generation, list)
  }

  /** Takes over what another batch gathered. */
  absorb(other: Batch): void {
    this.records.push(...other.records)
    for (const [id, row] of other.operations) this.operations.set(id, row)
    this.outcomes.push(...other.outcomes)
    this.conflicts.push(...other.conflicts)
    this.parked.push(...other.parked)
    this.unparked.push(...other.unparked)
    this.deferred.push(...other.deferred)
    for (const row of other.#links.values()) this.putLink(row)
    for (const id of other.#forgotten) this.forgetLink(id)
    for (const [generation, ids] of other.#seen)
      this.#seen.set(generation, [...(this.#seen.get(generation) ?? []), ...ids])
  }

  get isEmpty(): boolean {
    return Object.keys(this.toWrite()).length === 0
  }

  toWrite(): WriteBatch {
    const links = [
      ...[...this.#forgotten].map((id) => ({ do: 'forget', id }) as const),
      ...[...this.#links.values()].map((row) => ({ do: 'put', ...row }) as const),
      ...[...this.#seen].map(([generation, ids]) => ({ do: 'seen', ids, generation }) as const),
    ]
    const all = {
      records: this.records,
      links,
      operations: [...this.operations.values()],
      outcomes: this.outcomes,
      conflicts: this.conflicts,
      parked: this.parked,
      unparked: this.unparked,
      deferred: this.deferred,
      undeferred: this.undeferred.filter(
        (one) => !this.deferred.some((each) => each.item === one.item && each.collection === one.collection),
      ),
      collections: [...this.collections.values()],
      channels: this.channel ? [this.channel] : [],
      runs: this.run ? [this.run] : [],
    }
    return Object.fromEntries(Object.entries(all).filter(([, rows]) => rows.length > 0))
  }
}
