import type { Json } from '../core/item.ts'
import type { Sql } from '../store/database.ts'
import { contains, findPage, inOrder } from '../store/listing.ts'
import { toJson } from '../store/json.ts'
import type { By } from './items.ts'
import { wantLinks } from './linking.ts'
import { KINDS, readField, type FieldProblem, type RecordKind } from './record-kinds.ts'

/** Contacts, accounts, leads and cases as rows. Statements are put together from the table of kinds, never from input. */
export interface PersonRow {
  readonly id: string
  readonly kind: RecordKind
  readonly title: string
  readonly subtitle: string | null
  readonly fields: { readonly [name: string]: Json }
  readonly owner: string | null
  readonly owner_name: string | null
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
}

export type PersonEdit =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly why: 'not-found' }
  | { readonly ok: false; readonly why: 'changed-meanwhile'; readonly version: number }
  | { readonly ok: false; readonly why: 'invalid'; readonly problems: readonly FieldProblem[] }

export interface PeopleQuery {
  readonly organization: string
  readonly like: string | null
  readonly owner: string | null
  readonly account: string | null
  /** ` order by … limit … offset …`, made from allow-listed names. */
  readonly orderAndPage: string
}

const columnsOf = (kind: RecordKind): string => {
  const { fields, subtitle } = KINDS[kind]
  const pairs = fields.map((field) => `'${field.name}', r.${field.column}`).join(', ')
  return `r.id, '${kind}' as kind, r.name as title, r.${subtitle}::text as subtitle, json_build_object(${pairs}) as fields,
    r.owner, u.name as owner_name, r.version, r.created_at, r.updated_at`
}
const fromOf = (kind: RecordKind): string =>
  `from ${KINDS[kind].table} r left join users u on u.id = r.owner where r.deleted_at is null`

export async function listPeople(
  sql: Sql,
  kind: RecordKind,
  query: PeopleQuery,
): Promise<{ readonly rows: readonly PersonRow[]; readonly total: number }> {
  const { fields } = KINDS[kind]
  const has = (column: string): boolean => fields.some((field) => field.column === column)
  const search = [
    contains('r.name', '$2'),
    ...(has('emails') ? [`array_to_string(r.emails, ' ') like (select lower($2::text))`] : []),
    ...(has('company') ? [contains('r.company', '$2')] : []),
  ].join(' or ')
  const account = has('account') ? '$4::text is null or r.account = $4' : '$4::text is null'
  const from = `from ${KINDS[kind].table} r where r.deleted_at is null and r.organization = $1
    and ($2::text is null or ${search}) and ($3::text is null or r.owner = $3) and (${account})`
  const { ids, total } = await findPage(sql, {
    ...{ id: 'r.id', from, order: query.orderAndPage, isSearch: query.like !== null },
    values: [query.organization, query.like, query.owner, query.account],
  })
  const rows = await sql.query<PersonRow>(`select ${columnsOf(kind)} ${fromOf(kind)} and r.id = any($1)`, [
    ids,
  ])
  return { rows: inOrder(ids, rows), total }
}

export async function personById(
  sql: Sql,
  organization: string,
  kind: RecordKind,
  id: string,
): Promise<PersonRow | null> {
  const [row] = await sql.query<PersonRow>(
    `select ${columnsOf(kind)} ${fromOf(kind)} and r.organization = $1 and r.id = $2`,
    [organization, id],
  )
  return row ?? null
}

type Input = { readonly [name: string]: unknown }
type Read =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string | readonly string[] | null> }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] }

async function readFields(
  sql: Sql,
  organization: string,
  kind: RecordKind,
  input: Input,
  whole: boolean,
): Promise<Read> {
  const problems: FieldProblem[] = []
  const values = new Map<string, string | readonly string[] | null>()
  const { fields, label } = KINDS[kind]
  for (const name of Object.keys(input))
    if (!fields.some((field) => field.name === name))
      problems.push({ field: name, problem: `A ${label.toLowerCase()} has no such field.` })
  for (const field of fields) {
    if (!Object.hasOwn(input, field.name)) {
      if (whole && field.required === true) problems.push({ field: field.name, problem: 'This is missing.' })
      continue
    }
    const read = readField(field, input[field.name])
    if ('problem' in read) {
      problems.push({ field: field.name, problem: read.problem })
      continue
    }
    // What has a default and may not be empty keeps it.
    if (field.type === 'choice' && read.value === null) {
      problems.push({ field: field.name, problem: 'This may not be empty.' })
      continue
    }
    if (field.to !== undefined && typeof read.value === 'string') {
      const target = await personById(sql, organization, field.to, read.value)
      if (target === null)
        problems.push({
          field: field.name,
          problem: `There is no such ${KINDS[field.to].label.toLowerCase()}.`,
        })
    }
    values.set(field.column, read.value)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values }
}

const checkOwner = async (
  sql: Sql,
  organization: string,
  owner: string | null,
): Promise<FieldProblem | null> => {
  if (owner === null) return null
  const found = await sql.query('select 1 from users where id = $1 and organization = $2', [
    owner,
    organization,
  ])
  return found.length > 0 ? null : { field: 'owner', problem: 'There is no such user in this organization.' }
}

export async function addPerson(
  sql: Sql,
  kind: RecordKind,
  input: Input,
  owner: string | null,
  by: By,
): Promise<PersonEdit> {
  const read = await readFields(sql, by.organization, kind, input, true)
  const ownerProblem = await checkOwner(sql, by.organization, owner)
  if (!read.ok || ownerProblem !== null)
    return {
      ok: false,
      why: 'invalid',
      problems: [...(read.ok ? [] : read.problems), ...(ownerProblem === null ? [] : [ownerProblem])],
    }
  const id = by.newId()
  const values = new Map<string, unknown>([
    ...read.values,
    ['id', id],
    ['organization', by.organization],
    ['owner', owner],
    ['created_at', new Date(by.at)],
    ['updated_at', new Date(by.at)],
    ['updated_by', by.user],
  ])
  const columns = [...values.keys()]
  await sql.query(
    `insert into ${KINDS[kind].table} (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    [...values.values()],
  )
  await note(sql, kind, id, 'create', null, by)
  await wantNew(sql, null, kind, id, by)
  return { ok: true, id }
}

export async function changePerson(
  sql: Sql,
  kind: RecordKind,
  id: string,
  version: number,
  input: Input,
  owner: string | null | undefined,
  by: By,
): Promise<PersonEdit> {
  const { table } = KINDS[kind]
  const [locked] = await sql.query<{ version: number }>(
    `select version from ${table} where id = $1 and organization = $2 and deleted_at is null for update`,
    [id, by.organization],
  )
  if (locked === undefined) return { ok: false, why: 'not-found' }
  if (locked.version !== version) return { ok: false, why: 'changed-meanwhile', version: locked.version }
  const read = await readFields(sql, by.organization, kind, input, false)
  const ownerProblem = owner === undefined ? null : await checkOwner(sql, by.organization, owner)
  if (!read.ok || ownerProblem !== null)
    return {
      ok: false,
      why: 'invalid',
      problems: [...(read.ok ? [] : read.problems), ...(ownerProblem === null ? [] : [ownerProblem])],
    }
  const before = await personById(sql, by.organization, kind, id)
  const values = new Map<string, unknown>([
    ...read.values,
    ...(owner === undefined ? [] : ([['owner', owner]] as const)),
    ['updated_at', new Date(by.at)],
    ['updated_by', by.user],
  ])
  const sets = [...values.keys()].map((column, index) => `${column} = $${index + 2}`)
  await sql.query(`update ${table} set ${sets.join(', ')}, version = version + 1 where id = $1`, [
    id,
    ...values.values(),
  ])
  await note(sql, kind, id, 'update', before, by)
  await wantNew(sql, before, kind, id, by)
  return { ok: true, id }
}

export async function removePerson(sql: Sql, kind: RecordKind, id: string, by: By): Promise<boolean> {
  const before = await personById(sql, by.organization, kind, id)
  if (before === null) return false
  await note(sql, kind, id, 'delete', before, by)
  await sql.query(
    `update ${KINDS[kind].table} set deleted_at = $2, version = version + 1, updated_at = $2, updated_by = $3 where id = $1`,
    [id, new Date(by.at), by.user],
  )
  return true
}

async function note(
  sql: Sql,
  kind: RecordKind,
  id: string,
  action: 'create' | 'update' | 'delete',
  before: PersonRow | null,
  by: By,
): Promise<void> {
  const now = action === 'delete' ? null : await personById(sql, by.organization, kind, id)
  await sql.query(
    `insert into edits (id, organization, noun, target, title, action, actor, cause, version, before, after, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      by.newId(),
      by.organization,
      kind,
      id,
      now?.title ?? before?.title ?? '',
      action,
      by.user,
      by.cause,
      now?.version ?? before?.version ?? 1,
      before === null ? null : toJson(before.fields),
      now === null ? null : toJson(now.fields),
      new Date(by.at),
    ],
  )
}

/** Addresses, domains and an account that somebody has from now on: older mail and meetings are looked for. */
async function wantNew(
  sql: Sql,
  before: PersonRow | null,
  kind: RecordKind,
  id: string,
  by: By,
): Promise<void> {
  if (kind === 'case') return
  const now = await personById(sql, by.organization, kind, id)
  const listOf = (row: PersonRow | null, field: string): readonly string[] => {
    const value = row?.fields[field]
    return Array.isArray(value) ? value.map(String) : []
  }
  const moved = before !== null && before.fields['account'] !== now?.fields['account']
  const fresh = (field: string, start: string): readonly string[] =>
    listOf(now, field)
      .filter((one) => moved || !listOf(before, field).includes(one))
      .map((one) => start + one)
  // An account's domain stands behind the @ of an address, or behind a dot of a domain below it.
  await wantLinks(sql, [...fresh('emails', ''), ...fresh('domains', '@'), ...fresh('domains', '.')], by.at)
}
