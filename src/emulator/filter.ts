/** The part of OData's `$filter` that Outlook's resources take: comparisons, and/or/not, a few functions, any(). */
import { badRequest } from './errors.ts'
import { isObject } from './item-parts.ts'

type Value = string | number | boolean | null | undefined
type Evaluate = (entity: unknown) => unknown
export type Predicate = (entity: unknown) => boolean

const TOKEN =
  /\s*(?:('(?:[^']|'')*'|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|(\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)|(-?\d+(?:\.\d+)?)|([A-Za-z_@][\w.@]*(?:\/[A-Za-z_][\w.]*)*)|([(),:]))/y

interface Token {
  readonly kind: 'text' | 'date' | 'number' | 'name' | 'mark'
  readonly text: string
}

const DEPTH_MAX = 50
const LENGTH_MAX = 8_000

const invalid = (): Error =>
  badRequest("Invalid filter clause: the expression in '$filter' could not be understood.")

function tokens(source: string): Token[] {
  if (source.length > LENGTH_MAX) throw invalid()
  const found: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.trimEnd().length) {
    const match = TOKEN.exec(source)
    if (match === null) throw invalid()
    const [, text, date, number, name, mark] = match
    if (text !== undefined)
      found.push({
        kind: 'text',
        text: text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text,
      })
    else if (date !== undefined) found.push({ kind: 'date', text: date })
    else if (number !== undefined) found.push({ kind: 'number', text: number })
    else if (name !== undefined) found.push({ kind: 'name', text: name })
    else found.push({ kind: 'mark', text: mark ?? '' })
  }
  return found
}

/** Reads a property by its path; names are compared exactly first, then without case. */
export function read(entity: unknown, path: readonly string[]): unknown {
  let value = entity
  for (const name of path) {
    if (!isObject(value)) return undefined
    const found = value[name]
    if (found !== undefined) {
      value = found
    } else {
      const lower = name.toLowerCase()
      const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === lower)
      value = key === undefined ? undefined : value[key]
    }
  }
  return value
}

const DATE_LIKE = /^\d{4}-\d\d-\d\d/

/** Dates compare as instants, texts without case, as Exchange does. */
export function compare(left: unknown, right: unknown): number | null {
  if (typeof left === 'string' && typeof right === 'string') {
    if (DATE_LIKE.test(left) && DATE_LIKE.test(right)) {
      const a = Date.parse(
        /[Zz]|[+-]\d\d:?\d\d$/.test(left) || left.length === 10 ? left : `${left.slice(0, 23)}Z`,
      )
      const b = Date.parse(
        /[Zz]|[+-]\d\d:?\d\d$/.test(right) || right.length === 10 ? right : `${right.slice(0, 23)}Z`,
      )
      if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b
    }
    const a = left.toLowerCase()
    const b = right.toLowerCase()
    return a < b ? -1 : a > b ? 1 : 0
  }
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if ((left ?? null) === null && (right ?? null) === null) return 0
  return null
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0
  /** The names that any() has bound, innermost last. */
  readonly #bound: { name: string; value: unknown }[] = []

  constructor(source: string) {
    this.#tokens = tokens(source)
  }

  parse(): Predicate {
    const expression = this.#or()
    if (this.#at < this.#tokens.length) throw invalid()
    return (entity) => expression(entity) === true
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #word(text: string): boolean {
    const token = this.#peek()
    if (token?.kind !== 'name' || token.text.toLowerCase() !== text) return false
    this.#at++
    return true
  }

  #mark(text: string): boolean {
    const token = this.#peek()
    if (token?.kind !== 'mark' || token.text !== text) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#mark(text)) throw invalid()
  }

  #or(): Evaluate {
    if (++this.#depth > DEPTH_MAX) throw invalid()
    let left = this.#and()
    while (this.#word('or')) {
      const first = left
      const second = this.#and()
      left = (entity) => first(entity) === true || second(entity) === true
    }
    this.#depth--
    return left
  }

  #and(): Evaluate {
    let left = this.#not()
    while (this.#word('and')) {
      const first = left
      const second = this.#not()
      left = (entity) => first(entity) === true && second(entity) === true
    }
    return left
  }

  #not(): Evaluate {
    if (this.#word('not')) {
      if (++this.#depth > DEPTH_MAX) throw invalid()
      const inner = this.#not()
      return (entity) => inner(entity) !== true
    }
    return this.#comparison()
  }

  #comparison(): Evaluate {
    const left = this.#operand()
    const token = this.#peek()
    if (token?.kind !== 'name') return left
    const operator = token.text.toLowerCase()
    if (!['eq', 'ne', 'gt', 'ge', 'lt', 'le'].includes(operator)) return left
    this.#at++
    const right = this.#operand()
    return (entity) => {
      const order = compare(left(entity), right(entity))
      switch (operator) {
        case 'eq':
          return order === 0
        case 'ne':
          return order !== 0
        case 'gt':
          return order !== null && order > 0
        case 'ge':
          return order !== null && order >= 0
        case 'lt':
          return order !== null && order < 0
        default:
          return order !== null && order <= 0
      }
    }
  }

  #operand(): Evaluate {
    const token = this.#peek()
    if (token === undefined) throw invalid()
    if (this.#mark('(')) {
      const inner = this.#or()
      this.#expect(')')
      return inner
    }
    this.#at++
    if (token.kind === 'text' || token.kind === 'date') return () => token.text
    if (token.kind === 'number') return () => Number(token.text)
    if (token.kind === 'mark') throw invalid()
    const name = token.text
    const lower = name.toLowerCase()
    if (lower === 'true' || lower === 'false') return () => lower === 'true'
    if (lower === 'null') return () => null
    if (this.#mark('(')) return this.#call(name)
    return this.#path(name)
  }

  #path(name: string): Evaluate {
    const path = name.split('/')
    const head = path[0] ?? ''
    if (this.#bound.some((bound) => bound.name === head))
      return () => {
        const bound = this.#bound.findLast((candidate) => candidate.name === head)
        return path.length === 1 ? bound?.value : read(bound?.value, path.slice(1))
      }
    return (entity) => read(entity, path)
  }

  #call(name: string): Evaluate {
    const lower = name.toLowerCase()
    if (lower.endsWith('/any') || lower.endsWith('/all')) return this.#lambda(name)
    const parameters: Evaluate[] = []
    if (!this.#mark(')')) {
      do parameters.push(this.#or())
      while (this.#mark(','))
      this.#expect(')')
    }
    const text = (at: number, entity: unknown): string => {
      const value = parameters[at]?.(entity) as Value
      return typeof value === 'string' ? value.toLowerCase() : ''
    }
    switch (lower) {
      case 'startswith':
        return (entity) => text(0, entity).startsWith(text(1, entity))
      case 'endswith':
        return (entity) => text(0, entity).endsWith(text(1, entity))
      case 'contains':
        return (entity) => text(0, entity).includes(text(1, entity))
      case 'tolower':
        return (entity) => text(0, entity)
      default:
        throw badRequest(`An unknown function with name '${name}' was found.`)
    }
  }

  #lambda(name: string): Evaluate {
    const path = name.split('/')
    const all = path.pop()?.toLowerCase() === 'all'
    const variable = this.#peek()
    if (variable?.kind !== 'name') throw invalid()
    this.#at++
    this.#expect(':')
    const bound = { name: variable.text, value: undefined as unknown }
    this.#bound.push(bound)
    const inner = this.#or()
    this.#bound.pop()
    this.#expect(')')
    return (entity) => {
      const values = read(entity, path)
      if (!Array.isArray(values)) return all
      this.#bound.push(bound)
      const test = (value: unknown): boolean => {
        bound.value = value
        return inner(entity) === true
      }
      const result = all ? values.every(test) : values.some(test)
      this.#bound.pop()
      return result
    }
  }
}

export function parseFilter(source: string): Predicate {
  return new Parser(source).parse()
}
