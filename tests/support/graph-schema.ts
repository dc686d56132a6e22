/** Checks JSON against the types that Microsoft publishes for Graph. */
import { readReference } from './reference.ts'

interface PropertyType {
  readonly type: string
  readonly collection?: boolean
  readonly nullable?: boolean
  readonly navigation?: boolean
}

interface GraphType {
  readonly kind?: string
  readonly baseType?: string | null
  readonly openType?: boolean
  readonly properties?: Readonly<Record<string, PropertyType>>
}

interface Schema {
  readonly _enums: Readonly<Record<string, { readonly members: readonly string[] }>>
  readonly [type: string]: GraphType | Schema['_enums']
}

let loaded: Schema | null = null

function schema(): Schema {
  loaded ??= JSON.parse(readReference('graph-schema.json')) as Schema
  return loaded
}

const typeNamed = (name: string): GraphType | undefined => {
  const found = schema()[name]
  return found !== undefined && 'kind' in found ? (found as GraphType) : undefined
}

function propertyOf(type: GraphType, name: string): PropertyType | 'open' | undefined {
  for (
    let at: GraphType | undefined = type;
    at !== undefined;
    at = at.baseType ? typeNamed(at.baseType) : undefined
  ) {
    const property = at.properties?.[name]
    if (property !== undefined) return property
    if (at.openType === true) return 'open'
  }
  return undefined
}

const DATE = /^\d{4}-\d\d-\d\d$/
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)$/
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const PRIMITIVES: Readonly<Record<string, (value: unknown) => boolean>> = {
  'Edm.String': (value) => typeof value === 'string',
  'Edm.Boolean': (value) => typeof value === 'boolean',
  'Edm.Int16': (value) => Number.isInteger(value),
  'Edm.Int32': (value) => Number.isInteger(value),
  'Edm.Int64': (value) => Number.isInteger(value),
  'Edm.Double': (value) => typeof value === 'number',
  'Edm.DateTimeOffset': (value) => typeof value === 'string' && DATE_TIME.test(value),
  'Edm.Date': (value) => typeof value === 'string' && DATE.test(value),
  'Edm.Guid': (value) => typeof value === 'string' && GUID.test(value),
  'Edm.Binary': (value) => typeof value === 'string',
  'Edm.Stream': () => true,
  'Edm.TimeOfDay': (value) => typeof value === 'string' && /^\d\d:\d\d:\d\d(\.\d+)?$/.test(value),
  'Edm.Duration': (value) => typeof value === 'string',
}

function checkValue(value: unknown, type: string, path: string, problems: string[]): void {
  const primitive = PRIMITIVES[type]
  if (primitive !== undefined) {
    if (!primitive(value)) problems.push(`${path}: ${JSON.stringify(value)} is no ${type}`)
    return
  }
  const members = schema()._enums[type]?.members
  if (members !== undefined) {
    if (typeof value !== 'string' || !value.split(',').every((member) => members.includes(member)))
      problems.push(`${path}: ${JSON.stringify(value)} is no member of ${type}`)
    return
  }
  if (typeNamed(type) !== undefined) checkObject(value, type, path, problems)
}

function checkObject(value: unknown, declared: string, path: string, problems: string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${path}: ${JSON.stringify(value)} is no ${declared}`)
    return
  }
  const own = (value as Record<string, unknown>)['@odata.type']
  const name = typeof own === 'string' ? own.replace(/^#microsoft\.graph\./i, '') : declared
  const type = typeNamed(name) ?? typeNamed(declared)
  if (type === undefined) return
  for (const [property, content] of Object.entries(value)) {
    if (property.includes('@')) continue
    const definition = propertyOf(type, property)
    if (definition === 'open') continue
    if (definition === undefined) {
      problems.push(`${path}.${property}: ${name} has no such property`)
      continue
    }
    checkProperty(content, definition, `${path}.${property}`, problems)
  }
}

function checkProperty(content: unknown, definition: PropertyType, path: string, problems: string[]): void {
  if (content === null) {
    if (definition.nullable === false && definition.collection !== true)
      problems.push(`${path}: null is not allowed`)
    return
  }
  if (definition.collection !== true) {
    checkValue(content, definition.type, path, problems)
    return
  }
  if (!Array.isArray(content)) {
    problems.push(`${path}: is no collection`)
    return
  }
  content.forEach((entry, at) => checkValue(entry, definition.type, `${path}[${at}]`, problems))
}

interface Template {
  readonly method: string
  readonly path: string
  readonly query?: readonly string[]
  readonly responseType?: string
}

let templates: readonly Template[] | null = null

export function urlTemplates(): readonly Template[] {
  templates ??= (JSON.parse(readReference('graph-url-templates.json')) as { templates: readonly Template[] })
    .templates
  return templates
}

/** `{user-id}` and `{calendar-id}` alike become `{}`, functions lose their parentheses, letters their case. */
export function normalPath(path: string): string {
  return path
    .replace(/\(.*?\)/g, '')
    .replace(/\{[^}]*\}/g, '{}')
    .toLowerCase()
}

const COLLECTION = /CollectionResponse$/
const ROW_TYPES: readonly (readonly [RegExp, string])[] = [
  [/(calendarview|events|instances)\/delta/, 'event'],
  [/messages\/delta/, 'message'],
  [/(mailfolders|childfolders)\/delta/, 'mailFolder'],
  [/lists\/delta/, 'todoTaskList'],
  [/tasks\/delta/, 'todoTask'],
  [/users\/delta/, 'user'],
  [/\/getschedule$/, 'scheduleInformation'],
]

/** What is wrong with the body of an answer to `method` on the route `path`; nothing when its type is unknown. */
export function problemsOf(method: string, path: string, body: unknown): string[] {
  const normal = normalPath(path)
  const problems: string[] = []
  if (typeof body !== 'object' || body === null) return problems
  if ('error' in body) {
    const { error } = body as { error: { code?: unknown; message?: unknown } }
    if (typeof error?.code !== 'string' || typeof error.message !== 'string')
      problems.push('the error has no code or message')
    return problems
  }
  const delta = ROW_TYPES.find(([pattern]) => pattern.test(normal))
  const response = urlTemplates().find(
    (template) => template.method === method && normalPath(template.path) === normal,
  )?.responseType
  const value = (body as { value?: unknown }).value
  if (delta !== undefined) {
    if (!Array.isArray(value)) return ['a list without value']
    value.forEach((entry, at) => checkObject(entry, delta[1], `value[${at}]`, problems))
  } else if (response !== undefined && COLLECTION.test(response)) {
    const type = lowerFirst(response.replace(COLLECTION, ''))
    if (!Array.isArray(value)) return ['a collection without value']
    value.forEach((entry, at) => checkObject(entry, type, `value[${at}]`, problems))
  } else if (response !== undefined) {
    checkObject(body, lowerFirst(response), '', problems)
  }
  return problems
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
