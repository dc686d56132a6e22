/** Parts that several kinds of items have, and how a request's JSON becomes one. */
import { badRequest, invalidProperty } from './errors.ts'

export type JsonObject = Record<string, unknown>

export interface EmailAddress {
  readonly name: string
  readonly address: string
}

export interface Recipient {
  readonly emailAddress: EmailAddress
}

export interface TextBody {
  readonly contentType: 'text' | 'html'
  readonly content: string
}

export interface Attachment {
  readonly key: string
  readonly type:
    | '#microsoft.graph.fileAttachment'
    | '#microsoft.graph.itemAttachment'
    | '#microsoft.graph.referenceAttachment'
  readonly name: string
  readonly contentType: string | null
  readonly size: number
  readonly isInline: boolean
  readonly contentId: string | null
  readonly modified: number
  /** Base64 of the content of a file; null for others. */
  readonly contentBytes: string | null
  /** The attached item, or a reference's own properties. */
  readonly item: JsonObject | null
}

export interface ExtendedProperty {
  readonly id: string
  readonly value: string | readonly string[]
}

export interface OpenExtension {
  readonly name: string
  readonly values: JsonObject
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const wrongType = (name: string, expected: string): Error =>
  badRequest(
    `Invalid JSON, A value of an unexpected type was found for property '${name}'. Expected type: '${expected}'.`,
  )

export function text(body: JsonObject, name: string): string | null | undefined {
  const value = body[name]
  if (value === undefined || value === null) return value
  if (typeof value !== 'string') throw wrongType(name, 'Edm.String')
  return value
}

export function flag(body: JsonObject, name: string): boolean | null | undefined {
  const value = body[name]
  if (value === undefined || value === null) return value
  if (typeof value !== 'boolean') throw wrongType(name, 'Edm.Boolean')
  return value
}

export function whole(body: JsonObject, name: string): number | null | undefined {
  const value = body[name]
  if (value === undefined || value === null) return value
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, 'Edm.Int32')
  return value
}

export function object(body: JsonObject, name: string): JsonObject | null | undefined {
  const value = body[name]
  if (value === undefined || value === null) return value
  if (!isObject(value)) throw wrongType(name, 'microsoft.graph.' + name)
  return value
}

export function list(body: JsonObject, name: string): JsonObject[] | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (value === null) return []
  if (!Array.isArray(value) || !value.every(isObject))
    throw wrongType(name, `Collection(microsoft.graph.${name})`)
  return value
}

export function texts(body: JsonObject, name: string): string[] | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (value === null) return []
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw wrongType(name, 'Collection(Edm.String)')
  return value
}

/** A member of an enumeration; members are compared without regard to case, as the service does. */
export function member<const M extends string>(
  body: JsonObject,
  name: string,
  members: readonly M[],
): M | null | undefined {
  const value = text(body, name)
  if (value === undefined || value === null) return value
  const lower = value.toLowerCase()
  const found = members.find((candidate) => candidate.toLowerCase() === lower)
  if (found === undefined) throw badRequest(`Requested value '${value}' was not found.`)
  return found
}

export function parseBody(body: JsonObject, name = 'body'): TextBody | undefined {
  const value = object(body, name)
  if (value === undefined) return undefined
  if (value === null) return { contentType: 'text', content: '' }
  const contentType = member(value, 'contentType', ['text', 'html']) ?? 'text'
  return { contentType, content: text(value, 'content') ?? '' }
}

export function parseRecipient(value: JsonObject): Recipient {
  const emailAddress = object(value, 'emailAddress')
  if (emailAddress === undefined || emailAddress === null)
    throw invalidProperty('The recipient has no emailAddress.')
  const address = text(emailAddress, 'address') ?? ''
  return { emailAddress: { name: text(emailAddress, 'name') ?? address, address } }
}

export function parseRecipients(body: JsonObject, name: string): Recipient[] | undefined {
  return list(body, name)?.map(parseRecipient)
}

export function parseExtended(body: JsonObject): ExtendedProperty[] | undefined {
  const single = list(body, 'singleValueExtendedProperties')
  if (single === undefined) return undefined
  return single.map((entry) => {
    const id = text(entry, 'id')
    const value = text(entry, 'value')
    if (typeof id !== 'string' || typeof value !== 'string' || !EXTENDED_ID.test(id))
      throw invalidProperty('The extended property needs an id of a documented form and a value.')
    return { id, value }
  })
}

/** `{type} {guid} Name {name}`, `{type} {guid} Id {number}` or `{type} {proptag}`. */
const EXTENDED_ID = /^[A-Za-z0-9]+\s+(\{?[0-9a-f-]{36}\}?\s+(name|id)\s+\S.*|0x[0-9a-f]+)$/i

export function extendedKey(id: string): string {
  const match = /^(\S+)\s+\{?([0-9a-f-]{36})\}?\s+(\S+)\s+(.*)$/i.exec(id)
  if (match === null) return id.toLowerCase()
  // The name is case-sensitive, everything before it is not.
  const [, type = '', guid = '', kind = '', name = ''] = match
  return `${type.toLowerCase()} ${guid.toLowerCase()} ${kind.toLowerCase()} ${name}`
}

export function mergeExtended(
  old: readonly ExtendedProperty[],
  fresh: readonly ExtendedProperty[],
): ExtendedProperty[] {
  const merged = new Map(old.map((property) => [extendedKey(property.id), property]))
  for (const property of fresh) merged.set(extendedKey(property.id), property)
  return [...merged.values()]
}

export function parseExtension(value: JsonObject): OpenExtension {
  const name = text(value, 'extensionName') ?? text(value, 'id')
  if (typeof name !== 'string' || name === '') throw badRequest('The extension has no extensionName.')
  const values: JsonObject = {}
  for (const [property, content] of Object.entries(value))
    if (!property.startsWith('@') && property !== 'extensionName' && property !== 'id')
      values[property] = content
  return { name, values }
}

export function renderExtension(extension: OpenExtension): JsonObject {
  return {
    '@odata.type': '#microsoft.graph.openTypeExtension',
    id: `microsoft.graph.openTypeExtension.${extension.name}`,
    extensionName: extension.name,
    ...extension.values,
  }
}

const BREAKS = /<\s*(br|\/p|\/div|\/tr|\/li|\/h\d)\s*\/?>/gi

/** The words of an HTML text, as the service makes them for `bodyPreview` and text bodies. */
export function htmlToText(html: string): string {
  return html
    .replace(/<(head|style|script|title)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/\r?\n/g, ' ')
    .replace(BREAKS, '\r\n')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/[ \t]*\r\n[ \t]*/g, '\r\n')
    .trim()
}

export function textToHtml(content: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>${escaped.replace(/\r?\n/g, '<br>\r\n')}</body></html>`
}

/** Exchange keeps the fragment of the client and wraps it in a document of its own. */
export function wrapHtml(content: string): string {
  if (content === '' || /<html[\s>]/i.test(content)) return content
  return `<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>\r\n${content}\r\n</body></html>`
}

const PREVIEW_CHARACTERS = 255

export function previewOf(body: TextBody): string {
  const words = body.contentType === 'html' ? htmlToText(body.content) : body.content
  return words.length <= PREVIEW_CHARACTERS ? words : words.slice(0, PREVIEW_CHARACTERS)
}
