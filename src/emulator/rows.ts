/**
 * The rows of a page while it is made: bytes in a buffer that is used again for a later page. Joining pieces of text would
 * cost several times more, and megabytes of fresh memory for each page make the collector walk through the whole world
 * every few pages.
 */
const FIRST_BYTES = 1 << 16
/** A page beyond this gives its buffer back to the system. */
const KEPT_BYTES_MAX = 1 << 25
/** Buffers that wait for their next page: as many as a mailbox answers at once. */
const SPARE_MAX = 4
/** Shorter pages are handed on as text, which is what most callers want. */
const BYTES_FROM = 1 << 14
/** A UTF-16 unit has at most this many bytes in UTF-8. */
const UNIT_BYTES_MAX = 3
const COMMA = 0x2c

const spare: Buffer[] = []
/** Pages that were handed out, and the buffers that they lie in. */
const lent = new WeakMap<Uint8Array, Buffer>()

function keep(buffer: Buffer): void {
  if (buffer.length <= KEPT_BYTES_MAX && spare.length < SPARE_MAX) spare.push(buffer)
}

/** Whoever got a page as bytes and has sent or read it gives it back. Nobody may look at it afterwards. */
export function giveBack(page: Uint8Array): void {
  const buffer = lent.get(page)
  if (buffer !== undefined && lent.delete(page)) keep(buffer)
}

export class Rows {
  #buffer: Buffer
  #length = 0
  #count = 0

  /** `head` is what stands before the rows. */
  constructor(head: string) {
    this.#buffer = spare.pop() ?? Buffer.allocUnsafe(FIRST_BYTES)
    this.text(head)
  }

  get count(): number {
    return this.#count
  }

  /** Begins a row: what is written from here on belongs to it. */
  begin(): this {
    if (this.#count++ > 0) {
      this.#reserve(1)
      this.#buffer[this.#length++] = COMMA
    }
    return this
  }

  /** Adds a row that is there already. */
  add(row: string): void {
    this.begin().text(row)
  }

  text(piece: string): void {
    this.#reserve(piece.length * UNIT_BYTES_MAX)
    this.#length += this.#buffer.write(piece, this.#length)
  }

  bytes(piece: Uint8Array): void {
    this.#reserve(piece.length)
    this.#buffer.set(piece, this.#length)
    this.#length += piece.length
  }

  /** The page, ended by `tail`. Nothing can be written after this. */
  finish(tail: string): string | Uint8Array {
    this.text(tail)
    const buffer = this.#buffer
    const length = this.#length
    this.#buffer = Buffer.alloc(0)
    this.#length = 0
    if (length < BYTES_FROM) {
      const text = buffer.toString('utf8', 0, length)
      keep(buffer)
      return text
    }
    const page = buffer.subarray(0, length)
    lent.set(page, buffer)
    return page
  }

  #reserve(bytes: number): void {
    const room = this.#length + bytes
    if (room <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(room, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
