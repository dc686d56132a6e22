import { readCsv, writeCsv } from '../core/csv.ts'
import type { Json } from '../core/item.ts'
import { readVcards } from '../core/vcard.ts'
import {
  addPerson,
  changePerson,
  listPeople,
  personById,
  removePerson,
  type PersonEdit,
  type PersonRow,
} from '../crm/people.ts'
import { KINDS, type RecordKind } from '../crm/record-kinds.ts'
import type { Sql } from '../store/database.ts'
import type { ApiOutput } from './api/api.ts'
import type { recordsApi } from './api/records.ts'
import { byOf } from './items.ts'
import { linkByHand } from './links.ts'
import { FileAnswer, type Caller, type HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageOf } from './paging.ts'
import { isoOf, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { ownOnly } from './sync-views.ts'
import { timeline } from './timeline.ts'

/** Contacts, accounts, leads and cases: lists, edits, the timeline, import and export, search. */
type RecordView = ApiOutput<'GET /api/records/:kind/:id'>
const EXPORT_MAX = 100_000
const SAMPLE_ROWS = 5

export function recordHandlers(parts: Parts): HandlersOf<typeof recordsApi> {
  const { database } = parts

  async function views(rows: readonly PersonRow[]): Promise<RecordView[]> {
    const targets = new Set(
      rows
        .flatMap((row) =>
          KINDS[row.kind].fields
            .filter((field) => field.to !== undefined)
            .map((field) => row.fields[field.name]),
        )
        .filter((id) => typeof id === 'string'),
    )
    const titles = await database.query<{ id: string; name: string }>(
      `select id, name from accounts where id = any($1) union all select id, name from contacts where id = any($1)`,
      [[...targets]],
    )
    const nameOf = new Map(titles.map((row) => [row.id, row.name]))
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      title: row.title,
      subtitle: row.subtitle,
      fields: row.fields,
      linked: Object.fromEntries(
        KINDS[row.kind].fields.flatMap((field) => {
          const target = row.fields[field.name]
          const title = field.to === undefined || typeof target !== 'string' ? undefined : nameOf.get(target)
          return title === undefined || typeof target !== 'string' ? [] : [[target, title]]
        }),
      ),
      owner: row.owner === null ? null : { id: row.owner, name: row.owner_name ?? '' },
      version: row.version,
      createdAt: isoOf(row.created_at),
      modifiedAt: isoOf(row.updated_at),
    }))
  }
  async function view(sql: Sql, caller: Caller, kind: RecordKind, id: string): Promise<RecordView> {
    const row = await personById(sql, caller.organization, kind, id)
    const [one] = row === null ? [] : await views([row])
    if (one === undefined) throw notFound(kind)
    return one
  }
  function done(result: PersonEdit, kind: RecordKind): string {
    if (result.ok) return result.id
    if (result.why === 'not-found') throw notFound(kind)
    if (result.why === 'changed-meanwhile')
      throw new Refusal(
        'changed-meanwhile',
        `This ${kind} was changed since you looked. Nothing was written. Look again and repeat your change.`,
        { version: result.version },
      )
    const [first] = result.problems
    throw new Refusal('refused', `${first?.field ?? ''}: ${first?.problem ?? ''} Nothing was changed.`, {
      problems: result.problems.map(({ field, problem }) => ({ at: `body.fields.${field}`, problem })),
    })
  }
  /** Rows of an import by field name, or a refusal that says what is wrong with the file. */
  function parsed(
    kind: RecordKind,
    format: 'csv' | 'vcard',
    content: string,
    given: { readonly [column: string]: string } | undefined,
  ) {
    if (format === 'vcard') {
      if (kind !== 'contact') throw new Refusal('refused', 'vCards are contacts. Import them there.')
      const { contacts, problems } = readVcards(content)
      return {
        mapping: {},
        problems: problems.map(({ what, reason }) => ({ what, problem: reason })),
        rows: contacts.map((card) => ({
          name: card.name,
          firstName: card.firstName,
          lastName: card.lastName,
          emails: card.emails.map((one) => one.value),
          phone: card.phones[0]?.value ?? '',
          jobTitle: card.jobTitle,
          ...(card.birthday !== null && { birthday: card.birthday }),
          notes: card.note,
          tags: [...card.categories],
        })),
      }
    }
    const csv = readCsv(content)
    const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
    const { fields } = KINDS[kind]
    const mapping = Object.fromEntries(
      csv.columns.flatMap((column) => {
        const wanted = given?.[column]
        if (given !== undefined) return wanted === undefined || wanted === '' ? [] : [[column, wanted]]
        const field = fields.find(
          (one) => plain(one.name) === plain(column) || plain(one.label) === plain(column),
        )
        return field === undefined ? [] : [[column, field.name]]
      }),
    )
    const unknown = Object.values(mapping).find((name) => !fields.some((field) => field.name === name))
    if (unknown !== undefined)
      throw new Refusal(
        'refused',
        `A ${kind} has no field "${unknown}". There are: ${fields.map((field) => field.name).join(', ')}. Nothing was changed.`,
      )
    return {
      mapping,
      problems: csv.problems.map(({ line, reason }) => ({ what: `line ${line}`, problem: reason })),
      rows: csv.rows.map((cells) =>
        Object.fromEntries(
          csv.columns.flatMap((column, index) => {
            const name = mapping[column]
            return name === undefined || (cells[index] ?? '') === '' ? [] : [[name, cells[index] ?? '']]
          }),
        ),
      ),
    }
  }

  return {
    'GET /api/record-kinds': async () => ({
      items: (Object.entries(KINDS) as [RecordKind, (typeof KINDS)[RecordKind]][]).map(
        ([kind, { label, plural, fields }]) => ({
          kind,
          label,
          plural,
          fields: fields.map((field) => ({
            name: field.name,
            label: field.label,
            type: field.type,
            required: field.required === true,
            list: field.list === true,
            maxLength: field.maxLength ?? null,
            options: [...(field.options ?? [])],
            to: field.to ?? null,
            inTable: field.inTable === true,
          })),
        }),
      ),
    }),
    'GET /api/records/:kind': async ({ params, query }, { caller }) => {
      const columns = {
        title: { neverNull: 'lower(r.name)' },
        modifiedAt: { neverNull: 'r.updated_at' },
        createdAt: { neverNull: 'r.created_at' },
      }
      const { rows, total } = await listPeople(database, params.kind, {
        organization: caller.organization,
        like: likeOf(query.q),
        owner: query.owner ?? null,
        account: query.account ?? null,
        orderAndPage: orderAndPage(query, columns, 'r.id'),
      })
      return pageOf(await views(rows), total, query)
    },
    'POST /api/records/:kind': async ({ params, body }, { caller }) => {
      const owner = body.owner === undefined ? caller.user : body.owner
      const result = await database.transaction((sql) =>
        addPerson(sql, params.kind, body.fields, owner, byOf(parts, caller)),
      )
      return view(database, caller, params.kind, done(result, params.kind))
    },
    'GET /api/records/:kind/:id': async ({ params }, { caller }) =>
      view(database, caller, params.kind, params.id),
    'PATCH /api/records/:kind/:id': async ({ params, body }, { caller }) => {
      const result = await database.transaction((sql) =>
        changePerson(sql, params.kind, params.id, body.version, body.fields, body.owner, byOf(parts, caller)),
      )
      return view(database, caller, params.kind, done(result, params.kind))
    },
    'DELETE /api/records/:kind/:id': async ({ params }, { caller }) => {
      if (
        !(await database.transaction((sql) => removePerson(sql, params.kind, params.id, byOf(parts, caller))))
      )
        throw notFound(params.kind)
      return null
    },
    'GET /api/records/:kind/:id/timeline': async ({ params, query }, { caller }) => {
      await view(database, caller, params.kind, params.id)
      return timeline(parts, caller, params, query)
    },
    'POST /api/records/:kind/:id/items': async ({ params, body }, { caller }) => {
      await linkByHand(parts, caller, { item: body.item, kind: params.kind, record: params.id }, 'linked')
      return null
    },
    'DELETE /api/records/:kind/:id/items/:item': async ({ params }, { caller }) => {
      await linkByHand(parts, caller, { item: params.item, kind: params.kind, record: params.id }, 'removed')
      return null
    },
    'POST /api/records/:kind/import': async ({ params, body }, { caller }) => {
      const { kind } = params
      const { rows, mapping, problems } = parsed(kind, body.format, body.content, body.mapping)
      const by = { ...byOf(parts, caller), cause: 'import' }
      const counts = { created: 0, updated: 0, unchanged: 0 }
      for (const [index, row] of rows.entries()) {
        const what = String(row.name ?? `row ${index + 2}`)
        const outcome = await database.transaction(async (sql) => {
          const known = await knownPerson(sql, caller.organization, kind, row)
          if (known === null) {
            if (body.preview) return 'created' as const
            return report(await addPerson(sql, kind, row, caller.user, by), 'created')
          }
          const changes = Object.entries(row).some(
            ([name, value]) =>
              JSON.stringify(known.fields[name] ?? null) !== JSON.stringify(value) && value !== '',
          )
          if (!changes) return 'unchanged' as const
          if (body.preview) return 'updated' as const
          const filled = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ''))
          return report(
            await changePerson(sql, kind, known.id, known.version, filled, undefined, by),
            'updated',
          )
        })
        if (typeof outcome === 'string') counts[outcome] += 1
        else problems.push({ what, problem: outcome.problem })
      }
      return {
        ...counts,
        mapping,
        problems: problems.slice(0, 1_000),
        sample: rows.slice(0, SAMPLE_ROWS) as { [name: string]: Json }[],
      }
    },
    'GET /api/records/:kind/export': async ({ params, query }, { caller }) => {
      const { fields, plural } = KINDS[params.kind]
      const { rows } = await listPeople(database, params.kind, {
        organization: caller.organization,
        like: likeOf(query.q),
        owner: null,
        account: null,
        orderAndPage: orderAndPage(
          { page: 1, size: EXPORT_MAX, sort: 'title' },
          { title: 'lower(r.name)' },
          'r.id',
        ),
      })
      const cell = (value: Json | undefined): string =>
        Array.isArray(value) ? value.join('; ') : value === null || value === undefined ? '' : String(value)
      if (query.format === 'csv')
        return new FileAnswer(
          'text/csv; charset=utf-8',
          `${plural.toLowerCase()}.csv`,
          writeCsv(
            fields.map((field) => field.name),
            rows.map((row) => fields.map((field) => cell(row.fields[field.name]))),
          ),
        )
      if (params.kind !== 'contact') throw new Refusal('refused', 'Only contacts can be exported as vCards.')
      return new FileAnswer('text/vcard; charset=utf-8', 'contacts.vcf', rows.map(vcard).join(''))
    },
    'GET /api/search': async ({ query }, { caller }) => {
      const like = likeOf(query.q)
      const people = (table: string, kind: string, detail: string): string =>
        `(select '${kind}' as kind, r.id, r.name as title, ${detail} as detail from ${table} r where r.organization = $1 and r.deleted_at is null and (r.name ilike $2 or ${detail} ilike $2) order by lower(r.name) limit $5)`
      const items = await database.query<ApiOutput<'GET /api/search'>['items'][number]>(
        `select * from (
          ${people('contacts', 'contact', `array_to_string(r.emails, ', ')`)} union all ${people('accounts', 'account', 'r.industry')}
          union all ${people('leads', 'lead', 'r.company')} union all ${people('cases', 'case', 'r.status')}
          union all (select r.kind, r.id, r.subject, to_char(r.happens_at, 'YYYY-MM-DD') from records r join containers k on k.id = r.container
            where k.owner = $3 and r.deleted_at is null and r.subject ilike $2 order by r.happens_at desc nulls last limit $5)
          union all (select 'mailbox', m.id, m.address, m.display_name from mailboxes m where ($4::text is null or m."user" = $4) and (m.address ilike $2 or m.display_name ilike $2) limit $5)
          union all (select 'user', u.id, u.name, u.email from users u where u.organization = $1 and $4::text is null and (u.name ilike $2 or u.email ilike $2) limit $5)
        ) found limit $5`,
        [caller.organization, like, caller.user, ownOnly(caller), query.size],
      )
      return { items }
    },
  }
}

const report = (
  result: PersonEdit,
  word: 'created' | 'updated',
): 'created' | 'updated' | { readonly problem: string } =>
  result.ok
    ? word
    : {
        problem:
          result.why === 'invalid'
            ? result.problems.map(({ field, problem }) => `${field}: ${problem}`).join(' ')
            : 'It was changed meanwhile.',
      }

/** The same email address, or (without one) the same name. */
async function knownPerson(
  sql: Sql,
  organization: string,
  kind: RecordKind,
  row: { readonly [name: string]: unknown },
): Promise<PersonRow | null> {
  const { table, fields } = KINDS[kind]
  const given: unknown = row.emails
  const emails = (Array.isArray(given) ? given : typeof given === 'string' ? given.split(/[;,]/) : [])
    .map((one) => String(one).trim().toLowerCase())
    .filter(Boolean)
  const byEmail = emails.length > 0 && fields.some((field) => field.name === 'emails')
  const [found] = await sql.query<{ id: string }>(
    byEmail
      ? `select id from ${table} where organization = $1 and deleted_at is null and emails && $2::text[] order by created_at, id limit 1`
      : `select id from ${table} where organization = $1 and deleted_at is null and lower(name) = lower($2) order by created_at, id limit 1`,
    [organization, byEmail ? emails : String(row.name ?? '')],
  )
  return found === undefined ? null : personById(sql, organization, kind, found.id)
}

function vcard({ fields, title }: PersonRow): string {
  const text = (name: string): string =>
    String(fields[name] ?? '')
      .replace(/[\\,;]/g, '\\$&')
      .replace(/\r?\n/g, '\\n')
  const emails = Array.isArray(fields['emails']) ? fields['emails'] : []
  return [
    'BEGIN:VCARD',
    'VERSION:4.0',
    `FN:${title.replace(/[\\,;]/g, '\\$&').replace(/\r?\n/g, ' ')}`,
    `N:${text('lastName')};${text('firstName')};;;`,
    ...emails.map((email) => `EMAIL:${String(email)}`),
    ...(text('phone') === '' ? [] : [`TEL:${text('phone')}`]),
    ...(text('jobTitle') === '' ? [] : [`TITLE:${text('jobTitle')}`]),
    ...(text('notes') === '' ? [] : [`NOTE:${text('notes')}`]),
    'END:VCARD',
    '',
  ].join('\r\n')
}
