/**
 * A collection is what one delta link covers: a calendar, a task list, a mail folder. It keeps its rows in the
 * order of their arrival and a log of changes, so that a page costs what it holds and a delta costs what changed.
 * Plain data throughout: a snapshot is a structured clone.
 */
export interface Item {
  /** Names the item within its mailbox for life. Ids are made from it, see ids.ts. */
  readonly key: string
  /** Moves with every change, also those that no person made. The change key and the etag are made from it. */
  version: number
  readonly created: number
  modified: number
}

export interface LogEntry<T extends Item> {
  readonly sequence: number
  readonly key: string
  /** The last state of an item that left, so that its tombstones can be told; null for one that is here. */
  readonly gone: T | null
}

export interface Collection<T extends Item> {
  readonly name: string
  readonly rows: (T | null)[]
  readonly index: Map<string, number>
  log: LogEntry<T>[]
  /** Delta tokens older than this sequence number are no longer answered. */
  floor: number
  /** Moves when tokens are evicted on purpose. */
  generation: number
}

/** Entries that one collection remembers; the older half is forgotten when it is full, and tokens with it. */
const LOG_ENTRIES_MAX = 200_000

export function makeCollection<T extends Item>(name: string): Collection<T> {
  return { name, rows: [], index: new Map(), log: [], floor: 0, generation: 1 }
}

export function find<T extends Item>(collection: Collection<T>, key: string): T | undefined {
  const row = collection.index.get(key)
  return row === undefined ? undefined : (collection.rows[row] ?? undefined)
}

export function* items<T extends Item>(collection: Collection<T>): Generator<T> {
  for (const row of collection.rows) if (row !== null) yield row
}

export function size(collection: Collection<never> | Collection<Item>): number {
  return collection.index.size
}

function note<T extends Item>(collection: Collection<T>, entry: LogEntry<T>): void {
  collection.log.push(entry)
  if (collection.log.length <= LOG_ENTRIES_MAX) return
  collection.log = collection.log.slice(LOG_ENTRIES_MAX / 2)
  collection.floor = collection.log[0]?.sequence ?? collection.floor
}

export function insert<T extends Item>(collection: Collection<T>, item: T, sequence: number): void {
  collection.index.set(item.key, collection.rows.length)
  collection.rows.push(item)
  note(collection, { sequence, key: item.key, gone: null })
}

/** Logs that an item which is in the collection has changed. */
export function noteChange<T extends Item>(collection: Collection<T>, item: T, sequence: number): void {
  note(collection, { sequence, key: item.key, gone: null })
}

export function take<T extends Item>(
  collection: Collection<T>,
  key: string,
  sequence: number,
): T | undefined {
  const row = collection.index.get(key)
  if (row === undefined) return undefined
  const item = collection.rows[row] ?? undefined
  collection.rows[row] = null
  collection.index.delete(key)
  if (item !== undefined) note(collection, { sequence, key, gone: item })
  return item
}

/** Where in the log the entries after `sequence` begin. */
export function logPosition<T extends Item>(collection: Collection<T>, sequence: number): number {
  const { log } = collection
  let low = 0
  let high = log.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((log[middle]?.sequence ?? 0) <= sequence) low = middle + 1
    else high = middle
  }
  return low
}

/** The last entry of each key that changed after `sequence`, oldest first. */
export function changesAfter<T extends Item>(collection: Collection<T>, sequence: number): LogEntry<T>[] {
  const { log } = collection
  const low = logPosition(collection, sequence)
  if (low === log.length) return []
  const last = new Map<string, LogEntry<T>>()
  for (let i = low; i < log.length; i++) {
    const entry = log[i]
    if (entry === undefined) continue
    last.delete(entry.key)
    last.set(entry.key, entry)
  }
  return [...last.values()]
}
