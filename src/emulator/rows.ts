/**
 * The rows of a page while it is made: bytes in one buffer that is used again for the next page. Joining pieces of text
 * would cost several times more: a string of megabytes is fresh memory each time, and is copied once more to become
 * bytes.
 */
const FIRST_BYTES = 1 << 16
/** A page beyond this gives its buffer back to the system. */
const KEPT_BYTES_MAX = 1 << 25
/** Shorter pages are handed on as text, which is what most callers want. */
const BYTES_FROM = 1 << 14
/** A UTF-16 unit has at most this many bytes in UTF-8. */
const UNIT_BYTES_MAX = 3
const COMMA = 0x2c

let spare: Buffer | null = null

export class Rows {
  #buffer: Buffer
  #length = 0
  #count = 0

  /** `head` is what stands before the rows. */
  constructor(head: string) {
    this.#buffer = spare ?? Buffer.allocUnsafe(FIRST_BYTES)
    spare = null
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
    const page =
      this.#length < BYTES_FROM
        ? this.#buffer.toString('utf8', 0, this.#length)
        : Buffer.from(this.#buffer.subarray(0, this.#length))
    if (this.#buffer.length <= KEPT_BYTES_MAX) spare = this.#buffer
    this.#buffer = Buffer.alloc(0)
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
