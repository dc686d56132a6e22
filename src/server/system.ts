import { randomBytes } from 'node:crypto'
import { resolve } from '../core/settings.ts'
import type { ApiOutput } from './api/api.ts'
import { apiRoutes } from './api/api.ts'
import { ROLES, type Role } from './api/contract.ts'
import type { systemApi } from './api/system.ts'
import { contains, inOrder } from '../store/listing.ts'
import { webhookSecret } from '../store/vault.ts'
import { addUser, endSessions, type UserRow } from './accounts.ts'
import type { HandlersOf } from './mount.ts'
import { likeOf, pageIds, pageOf } from './paging.ts'
import { isoOf, iso, isoOrNull, type Parts } from './parts.ts'
import { hashPassword, passwordProblem } from './passwords.ts'
import { notFound, Refusal } from './problems.ts'
import { storedSettings } from './settings-store.ts'
import { ownOnly } from './sync-views.ts'

/** Users, organizations, roles, alerts, system information and outgoing webhooks. */
type UserView = ApiOutput<'GET /api/users/:user'>
type WebhookView = ApiOutput<'GET /api/webhooks'>['items'][number]

const USERS = `select u.id, u.email, u.name, u.role, u.organization, o.name as organization_name, u.zone, u.active, u.locked_until, u.last_seen_at
  from users u join organizations o on o.id = u.organization`
type UserRecord = Pick<
  UserRow,
  | 'id'
  | 'email'
  | 'name'
  | 'role'
  | 'organization'
  | 'organization_name'
  | 'zone'
  | 'active'
  | 'locked_until'
  | 'last_seen_at'
>

const ROLE_WORDS: Record<Role, { label: string; summary: string }> = {
  administrator: {
    label: 'Administrator',
    summary: 'Sets up Microsoft 365, decides policies, manages users, watches health.',
  },
  user: {
    label: 'User',
    summary: 'Connects an account, lives in calendar, tasks and mail, answers own conflicts.',
  },
  auditor: {
    label: 'Auditor',
    summary: 'Reads the history and the state of all mailboxes; changes nothing.',
  },
}

interface WebhookRecord {
  readonly id: string
  readonly url: string
  readonly events: readonly string[]
  readonly active: boolean
  readonly sealed_secret: Uint8Array
  readonly last_status: number | null
  readonly last_message: string | null
  readonly last_at: Date | null
}

export function systemHandlers(parts: Parts): HandlersOf<typeof systemApi> {
  const { database, env, vault } = parts

  async function userViews(rows: readonly UserRecord[]): Promise<UserView[]> {
    const mailboxes = await database.query<{ id: string; user: string; address: string; state: string }>(
      'select id, "user", address, state from mailboxes where "user" = any($1) order by address',
      [rows.map((row) => row.id)],
    )
    return rows.map((row) => ({
      id: row.id,
      email: row.email,
      name: row.name,
      role: row.role,
      organization: { id: row.organization, name: row.organization_name },
      zone: row.zone,
      active: row.active,
      lockedUntil:
        row.locked_until !== null && row.locked_until.getTime() > env.now() ? isoOf(row.locked_until) : null,
      lastSignInAt: isoOrNull(row.last_seen_at),
      mailboxes: mailboxes
        .filter((one) => one.user === row.id)
        .map(({ id, address, state }) => ({ id, address, state })),
    }))
  }
  const userView = async (id: string): Promise<UserView> => {
    const [view] = await userViews(await database.query<UserRecord>(`${USERS} where u.id = $1`, [id]))
    if (view === undefined) throw notFound('user')
    return view
  }
  const organizations = (): Promise<{ id: string; name: string; users: number; mailboxes: number }[]> =>
    database.query(
      `select o.id, o.name, (select count(*) from users u where u.organization = o.id) as users,
          (select count(*) from mailboxes m where m.organization = o.id) as mailboxes from organizations o order by o.name, o.id`,
    )
  const organization = async (
    id: string,
  ): Promise<{ id: string; name: string; users: number; mailboxes: number }> => {
    const found = (await organizations()).find((one) => one.id === id)
    if (found === undefined) throw notFound('organization')
    return found
  }
  const checkedPassword = (password: string, about: { email: string; name: string }): string => {
    const problem = passwordProblem(password, about)
    if (problem !== null)
      throw new Refusal('refused', problem, { problems: [{ at: 'body.password', problem }] })
    return password
  }

  const webhookView = (row: WebhookRecord): WebhookView => ({
    id: row.id,
    url: row.url,
    events: [...row.events],
    active: row.active,
    lastStatus: row.last_at === null ? null : (row.last_message ?? `status ${row.last_status ?? 'unknown'}`),
    lastAt: isoOrNull(row.last_at),
  })
  const webhook = async (id: string): Promise<WebhookRecord> => {
    const [row] = await database.query<WebhookRecord>('select * from webhooks where id = $1', [id])
    if (row === undefined) throw notFound('webhook')
    return row
  }

  return {
    'GET /api/users': async ({ query }) => {
      const where = `where ($1::text is null or ${contains('u.name', '$1')} or ${contains('u.email', '$1')}) and ($2::text is null or u.role = $2) and ($3::text is null or u.organization = $3)`
      const values = [likeOf(query.q), query.role ?? null, query.organization ?? null]
      const { ids, total } = await pageIds(database, query, {
        ...{ id: 'u.id', from: `from users u ${where}`, values },
        columns: {
          name: { neverNull: 'lower(u.name)' },
          email: { neverNull: 'lower(u.email)' },
          lastSignInAt: 'u.last_seen_at',
        },
      })
      const rows = await database.query<UserRecord>(`${USERS} where u.id = any($1)`, [ids])
      return pageOf(await userViews(inOrder(ids, rows)), total, query)
    },
    'POST /api/users': async ({ body }, { caller }) => {
      const home = body.organization ?? caller.organization
      await organization(home)
      const taken = await database.query('select 1 from users where lower(email) = $1', [body.email])
      if (taken.length > 0)
        throw new Refusal(
          'refused',
          `There is a user with the address ${body.email} already. Nothing was changed.`,
          { problems: [{ at: 'body.email', problem: 'This address is taken.' }] },
        )
      const password = body.password === undefined ? null : checkedPassword(body.password, body)
      const id = env.newId()
      await addUser(
        database,
        {
          id,
          organization: home,
          email: body.email,
          name: body.name,
          role: body.role,
          zone: body.zone,
          password,
        },
        env.now(),
      )
      return userView(id)
    },
    'GET /api/users/:user': async ({ params }) => userView(params.user),
    'PATCH /api/users/:user': async ({ params, body }) => {
      const before = await userView(params.user)
      if (body.organization !== undefined) await organization(body.organization)
      const password =
        body.password === undefined ? null : await hashPassword(checkedPassword(body.password, before))
      await database.transaction(async (sql) => {
        const losesRole =
          before.role === 'administrator' &&
          ((body.role !== undefined && body.role !== 'administrator') || body.active === false)
        if (losesRole) {
          await sql.query(`select id from users where role = 'administrator' for update`)
          const others = await sql.query(
            `select 1 from users where role = 'administrator' and active and id <> $1`,
            [before.id],
          )
          if (others.length === 0)
            throw new Refusal(
              'refused',
              'This is the last administrator. Make another one first. Nothing was changed.',
            )
        }
        await sql.query(
          `update users set name = coalesce($2, name), role = coalesce($3, role), organization = coalesce($4, organization), zone = coalesce($5, zone),
            active = coalesce($6, active), password_hash = coalesce($7, password_hash),
            failed_sign_ins = case when $8 then 0 else failed_sign_ins end, locked_until = case when $8 then null else locked_until end, updated_at = $9 where id = $1`,
          [
            before.id,
            body.name ?? null,
            body.role ?? null,
            body.organization ?? null,
            body.zone ?? null,
            body.active ?? null,
            password,
            body.unlock === true,
            new Date(env.now()),
          ],
        )
        const mustSignInAgain =
          password !== null || body.active === false || (body.role !== undefined && body.role !== before.role)
        if (mustSignInAgain) await endSessions(sql, before.id)
      })
      return userView(before.id)
    },
    'POST /api/users/:user/sign-out': async ({ params }) => {
      const { id } = await userView(params.user)
      await endSessions(database, id)
      await database.query('update api_tokens set revoked_at = $2 where "user" = $1 and revoked_at is null', [
        id,
        new Date(env.now()),
      ])
      return null
    },
    'GET /api/people': async ({ query }, { caller }) => ({
      items: await database.query(
        `select id, name, email from users where organization = $1 and active and ($2::text is null or name ilike $2 or email ilike $2) order by lower(name), id limit 100`,
        [caller.organization, likeOf(query.q)],
      ),
    }),
    'GET /api/organizations': async () => ({ items: await organizations() }),
    'POST /api/organizations': async ({ body }) => {
      const id = env.newId()
      await database.query('insert into organizations (id, name) values ($1, $2)', [id, body.name])
      return organization(id)
    },
    'PATCH /api/organizations/:organization': async ({ params, body }) => {
      await organization(params.organization)
      await database.query('update organizations set name = $2 where id = $1', [
        params.organization,
        body.name,
      ])
      return organization(params.organization)
    },
    'GET /api/roles': async () => ({
      items: ROLES.map((role) => ({
        role,
        ...ROLE_WORDS[role],
        may: apiRoutes
          .filter(([, { access }]) => access === 'public' || (access !== 'setup' && access.includes(role)))
          .map(([route, { summary }]) => ({ route, summary })),
      })),
    }),
    'GET /api/alerts': async (_input, { caller }) => {
      const rows = await database.query<{
        id: string
        key: string
        mailbox: string | null
        severity: string
        title: string
        detail: string
        remedy: string
        link: string | null
        raised_at: Date
      }>(
        `select id, key, mailbox, severity, title, detail, remedy, link, raised_at from alerts
          where resolved_at is null and ($1::text is null or "user" = $1) order by array_position(array['error', 'warning', 'info'], severity), raised_at, id limit 200`,
        [ownOnly(caller)],
      )
      return {
        items: rows.map((row) => ({
          id: row.id,
          level: row.severity === 'error' ? ('failed' as const) : ('warning' as const),
          message: [row.title, row.detail].filter((part) => part !== '').join(' '),
          fix: row.remedy,
          about: ABOUT.find((one) => row.key.startsWith(one)) ?? 'mailbox',
          mailbox: row.mailbox,
          href: row.link,
          since: isoOf(row.raised_at),
        })),
      }
    },
    'GET /api/system': async () => {
      const began = performance.now()
      const version = await database.version()
      const milliseconds = Math.round((performance.now() - began) * 10) / 10
      const [row] = await database.query<{
        schema: string
        bytes: number
        users: number
        mailboxes: number
        events: number
        tasks: number
        messages: number
        journal: number
        offset: number | null
      }>(
        `select (select max(name) from schema_migrations) as schema, pg_database_size(current_database()) as bytes,
          (select count(*) from users) as users, (select count(*) from mailboxes) as mailboxes,
          (select count(*) from records where kind = 'event' and deleted_at is null) as events,
          (select count(*) from records where kind = 'task' and deleted_at is null) as tasks,
          (select count(*) from records where kind = 'message' and deleted_at is null) as messages,
          (select count(*) from operations where seal_no is not null) as journal,
          (select max(clock_offset_ms) from mailboxes where state = 'connected') as offset`,
      )
      const expires = resolve('application.secretExpiresOn', await storedSettings(database, null)).value
      const where = await parts.microsoft.addresses()
      return {
        version: parts.about.version,
        node: process.version,
        startedAt: iso(parts.about.startedAt),
        database: {
          kind: database.engine === 'embedded' ? ('embedded' as const) : ('postgresql' as const),
          version,
          schema: row?.schema ?? '',
          bytes: row?.bytes ?? null,
          milliseconds,
        },
        queue: await parts.sync.queue(),
        memoryBytes: process.memoryUsage.rss(),
        dataFolder: parts.about.dataFolder,
        microsoft: { ...where, clockOffsetMs: row?.offset ?? null, emulator: parts.about.demo?.page ?? null },
        secretExpiresOn: expires === '' ? null : expires,
        secretDaysLeft:
          expires === '' ? null : Math.ceil((Date.parse(`${expires}T00:00:00Z`) - env.now()) / 86_400_000),
        counts: {
          users: row?.users ?? 0,
          mailboxes: row?.mailboxes ?? 0,
          events: row?.events ?? 0,
          tasks: row?.tasks ?? 0,
          messages: row?.messages ?? 0,
          journal: row?.journal ?? 0,
        },
      }
    },
    'GET /api/webhooks': async () => ({
      items: (await database.query<WebhookRecord>('select * from webhooks order by created_at, id')).map(
        webhookView,
      ),
    }),
    'POST /api/webhooks': async ({ body }, { caller }) => {
      const id = env.newId()
      const secret = randomBytes(32).toString('base64url')
      await database.query(
        `insert into webhooks (id, organization, url, events, sealed_secret, active, created_by, created_at) values ($1, $2, $3, $4, $5, true, $6, $7)`,
        [
          id,
          caller.organization,
          body.url,
          body.events,
          vault.seal(webhookSecret(id), secret),
          caller.user,
          new Date(env.now()),
        ],
      )
      return { ...webhookView(await webhook(id)), secret }
    },
    'PATCH /api/webhooks/:webhook': async ({ params, body }) => {
      const { id } = await webhook(params.webhook)
      await database.query(
        'update webhooks set url = coalesce($2, url), events = coalesce($3, events), active = coalesce($4, active) where id = $1',
        [id, body.url ?? null, body.events ?? null, body.active ?? null],
      )
      return webhookView(await webhook(id))
    },
    'DELETE /api/webhooks/:webhook': async ({ params }) => {
      const { id } = await webhook(params.webhook)
      await database.query('delete from webhooks where id = $1', [id])
      return null
    },
    'POST /api/webhooks/:webhook/test': async ({ params }) => {
      await webhook(params.webhook)
      return parts.webhooks.test(params.webhook)
    },
  }
}

const ABOUT = ['mailbox', 'application', 'secret', 'queue', 'database', 'webhook'] as const
