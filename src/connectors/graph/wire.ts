/** Reading Graph's JSON. Hand-written: a page of a thousand events is parsed in milliseconds, and nothing is trusted. */
import { parseInstant, toInstant, toLocal } from '../../core/time.ts'
import type { Instant } from '../../core/ids.ts'
import type { Body, PlainDateTime, Zone } from '../../core/item.ts'
import { resolveZone, windowsZone } from '../../core/zones.ts'
import { isObject, type JsonObject } from './answers.ts'

/** What cannot be understood. Thrown by readers and turned into a `malformed` observation by `understood`. */
class NotUnderstood extends Error {}

export const refuse = (reason: string): never => {
  throw new NotUnderstood(reason)
}

export type Understood<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

/** Runs a reader; what it refuses becomes a value. */
export function understood<T>(read: () => T): Understood<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, reason: error.message }
    throw error
  }
}

export function textOf(raw: JsonObject, name: string): string | null {
  const value = raw[name]
  return typeof value === 'string' ? value : null
}

export function objectOf(raw: JsonObject, name: string): JsonObject | null {
  const value = raw[name]
  return isObject(value) ? value : null
}

export function listOf(raw: JsonObject, name: string): readonly unknown[] {
  const value = raw[name]
  return Array.isArray(value) ? value : []
}

export function memberOf<T extends string>(
  raw: JsonObject,
  name: string,
  members: ReadonlySet<T>,
  otherwise: T,
): T {
  const value = raw[name]
  return typeof value === 'string' && (members as ReadonlySet<string>).has(value) ? (value as T) : otherwise
}

export function idOf(raw: unknown): string {
  const id = isObject(raw) ? textOf(raw, 'id') : null
  return id === null || id === '' ? refuse('It has no id.') : id
}

/** `@odata.etag`, or the changeKey that it is made of. */
export function etagOf(raw: JsonObject): string {
  const etag = textOf(raw, '@odata.etag')
  if (etag !== null) return etag
  const key = textOf(raw, 'changeKey')
  return key === null ? '' : `W/"${key}"`
}

export function bodyOf(raw: JsonObject): Body | null {
  const body = objectOf(raw, 'body')
  const content = body === null ? null : textOf(body, 'content')
  if (body === null || content === null || content.trim() === '') return null
  return { type: textOf(body, 'contentType') === 'text' ? 'text' : 'html', content }
}

/** Sorted, without doubles: their order means nothing to Outlook. */
export function categoriesOf(raw: JsonObject): readonly string[] {
  const names = listOf(raw, 'categories').filter((name): name is string => typeof name === 'string')
  return names.length < 2 ? names : [...new Set(names)].sort()
}

const WALL = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})/

/**
 * A dateTimeTimeZone as wall time and zone. Responses have seven digits of a second and no offset; `tzone://Microsoft/Utc`
 * comes with a `Z`, and 0001-01-01 means "none" (resource type dateTimeTimeZone).
 */
export function momentOf(
  raw: JsonObject,
  name: string,
): { readonly wall: PlainDateTime; readonly zone: Zone } | null {
  const moment = objectOf(raw, name)
  if (moment === null) return null
  const found = WALL.exec(textOf(moment, 'dateTime') ?? '')
  if (found === null) return refuse(`Its ${name} is not a date and time.`)
  if (found[1]?.startsWith('0001-')) return null
  const answer = resolveZone(textOf(moment, 'timeZone') ?? 'UTC')
  if (!answer.known) return refuse(`Its ${name} is in the time zone "${answer.name}". ${answer.reason}`)
  return { wall: `${found[1] ?? ''}T${found[2] ?? ''}`, zone: answer.zone }
}

export const instantOfMoment = (moment: { readonly wall: PlainDateTime; readonly zone: Zone }): Instant =>
  toInstant(moment.wall, moment.zone)

/** The same moment on another zone's clocks. */
export const wallIn = (
  moment: { readonly wall: PlainDateTime; readonly zone: Zone },
  zone: Zone,
): PlainDateTime => (moment.zone === zone ? moment.wall : toLocal(instantOfMoment(moment), zone))

/** An Edm.DateTimeOffset; null for none and for the year 0001. */
export function instantOf(raw: JsonObject, name: string): Instant | null {
  const text = textOf(raw, name)
  if (text === null || text.startsWith('0001-')) return null
  return parseInstant(text)
}

/** Whole seconds suffice to compare and show; Graph writes seven digits. */
export const dateTimeTimeZone = (
  wall: PlainDateTime,
  graphZone: string,
): { dateTime: string; timeZone: string } => ({
  dateTime: `${wall}.0000000`,
  timeZone: graphZone,
})

/**
 * The name of a zone that Graph is sure to take: Windows' own. IANA names beyond a documented list are refused, and what
 * is taken comes back under the Windows name anyway.
 */
export function graphZone(zone: Zone): string | null {
  return zone === 'UTC' ? 'UTC' : windowsZone(zone)
}
