import { asId, type MailboxId } from '../core/ids.ts'
import type { Channel } from '../core/item.ts'
import { resolve } from '../core/settings.ts'
import { lagByHour } from '../store/lag.ts'
import type { Sql } from '../store/database.ts'
import type { ApiOutput } from './api/api.ts'
import type { mailboxesApi } from './api/mailboxes.ts'
import { channelViews, worst, type ChannelView } from './channel-views.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageOf } from './paging.ts'
import { isoOf, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { settingsReader } from './settings-store.ts'
import { mayReadSql, ownOnly } from './sync-views.ts'

/** Mailboxes with their channels: what is, sync now, pause and resume, connect and disconnect, the overview's figures. */
type MailboxView = ApiOutput<'GET /api/mailboxes/:mailbox'>
type CollectionView = ApiOutput<'GET /api/mailboxes/:mailbox/collections'>['items'][number]

interface MailboxRecord {
  readonly id: string
  readonly organization: string
  readonly user: string | null
  readonly user_name: string | null
  readonly kind: 'user' | 'shared'
  readonly address: string
  readonly display_name: string
  readonly zone: string
  readonly state: MailboxView['state']
  readonly trouble: string | null
}
const MAILBOXES = `select m.id, m.organization, m."user", u.name as user_name, m.kind, m.address, m.display_name, m.zone, m.state, m.trouble
  from mailboxes m left join users u on u.id = m."user"`

/** @throws not-found when it is not there or not the caller's to see */
export async function requireMailbox(sql: Sql, caller: Caller, id: string): Promise<MailboxRecord> {
  const [row] = await sql.query<MailboxRecord>(
    `${MAILBOXES} where m.id = $1 and ($2::text is null or m."user" = $2)`,
    [id, ownOnly(caller)],
  )
  if (row === undefined) throw notFound('mailbox')
  return row
}

export function mailboxHandlers(parts: Parts): HandlersOf<typeof mailboxesApi> {
  const { database, env, sync, microsoft } = parts

  async function views(caller: Caller, rows: readonly MailboxRecord[]): Promise<MailboxView[]> {
    if (rows.length === 0) return []
    const ids = rows.map((row) => row.id)
    const channels = await channelViews(database, caller, env.now(), ids)
    const settings = await settingsReader(database)
    const selected = await database.query<{
      id: string
      mailbox: string
      channel: 'calendar' | 'tasks'
      name: string
      is_default: boolean
    }>(
      `select id, mailbox, channel, name, is_default from collections
        where mailbox = any($1) and selected and channel <> 'email' order by channel, name`,
      [ids],
    )
    const isTarget = (row: MailboxRecord, one: (typeof selected)[number]): boolean => {
      const key = one.channel === 'calendar' ? 'calendar.calendars' : 'tasks.lists'
      const choice = resolve(key, settings({ organization: row.organization, user: row.user })).value
      return choice.mode === 'chosen' ? one.id === choice.newItemsTo : one.is_default
    }
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      address: row.address,
      displayName: row.display_name,
      user: row.user === null ? null : { id: row.user, name: row.user_name ?? '' },
      organization: row.organization,
      zone: row.zone,
      access: resolve('application.access', settings({ organization: row.organization, user: row.user }))
        .value,
      state: row.state,
      trouble: row.trouble,
      targets: selected
        .filter((one) => one.mailbox === row.id && isTarget(row, one))
        .map(({ channel, name }) => ({ channel, name })),
      channels: channels.filter((one) => one.mailbox === row.id),
    }))
  }
  const view = async (caller: Caller, id: string): Promise<MailboxView> => {
    const [one] = await views(caller, [await requireMailbox(database, caller, id)])
    if (one === undefined) throw notFound('mailbox')
    return one
  }
  const channelOf = async (caller: Caller, mailbox: string, channel: Channel): Promise<ChannelView> => {
    const found = (await channelViews(database, caller, env.now(), [mailbox])).find(
      (one) => one.channel === channel,
    )
    if (found === undefined) throw notFound('channel of a mailbox')
    return found
  }
  const collectionsOf = async (mailbox: string, channel: Channel | null): Promise<CollectionView[]> => {
    const rows = await database.query<
      Omit<CollectionView, 'window' | 'isDefault' | 'canWrite' | 'parent' | 'total' | 'unread'> & {
        is_default: boolean
        can_write: boolean
        window_from: string | null
        window_to: string | null
      }
    >(
      `select c.id, c.mailbox, c.channel, c.name, c.is_default, c.can_write, c.container, c.selected, k.color, c.trouble, c.window_from, c.window_to,
          (select count(*) from links l where l.collection = c.id and l.state = 'linked') as linked
        from collections c left join containers k on k.id = c.container
        where c.mailbox = $1 and ($2::text is null or c.channel = $2) order by c.channel, c.is_default desc, c.name, c.id`,
      [mailbox, channel],
    )
    return rows.map((row) => ({
      id: row.id,
      mailbox: row.mailbox,
      channel: row.channel,
      name: row.name,
      isDefault: row.is_default,
      canWrite: row.can_write,
      container: row.container,
      selected: row.selected,
      parent: null,
      color: row.color,
      linked: row.linked,
      total: null,
      unread: null,
      window:
        row.window_from === null || row.window_to === null
          ? null
          : { from: row.window_from.slice(0, 10), to: row.window_to.slice(0, 10) },
      trouble: row.trouble,
    }))
  }
  const requireEnabled = (channel: ChannelView): ChannelView => {
    if (!channel.enabled)
      throw new Refusal(
        'not-now',
        `${channel.label} of ${channel.address} is off. ${channel.disabledBecause ?? ''}`,
      )
    return channel
  }

  return {
    'GET /api/mailboxes': async ({ query }, { caller }) => {
      const like = likeOf(query.q)
      const where = `where ($1::text is null or m."user" = $1) and ($2::text is null or m.address ilike $2 or m.display_name ilike $2 or m.id = $3)
        and ($4::text is null or m.state = $4) and ($5::text is null or m."user" = $5)`
      const values = [ownOnly(caller), like, query.q ?? null, query.state ?? null, query.user ?? null]
      const [count] = await database.query<{ n: number }>(
        `select count(*) as n from mailboxes m ${where}`,
        values,
      )
      const columns = {
        address: 'm.address',
        provenAt: '(select min(c.proven_at) from channels c where c.mailbox = m.id and c.enabled)',
      }
      const rows = await database.query<MailboxRecord>(
        `${MAILBOXES} ${where} ${orderAndPage(query, columns, 'm.id')}`,
        values,
      )
      return pageOf(await views(caller, rows), count?.n ?? 0, query)
    },
    'GET /api/mailboxes/:mailbox': async ({ params }, { caller }) => view(caller, params.mailbox),
    'POST /api/mailboxes': async ({ body }, { caller }) =>
      view(caller, await microsoft.addMailbox(caller, body)),
    'POST /api/connect': async ({ body }, { caller }) => {
      if (body.mailbox !== undefined) await requireMailbox(database, caller, body.mailbox)
      return { url: await microsoft.beginConnect(caller, body.mailbox ?? null, body.loginHint ?? null) }
    },
    'POST /api/mailboxes/:mailbox/check': async ({ params }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      return microsoft.checkMailbox(asId<MailboxId>(params.mailbox))
    },
    'POST /api/mailboxes/:mailbox/disconnect': async ({ params, body }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      await microsoft.disconnect(asId<MailboxId>(params.mailbox), body.data)
      const left = await database.query('select 1 from mailboxes where id = $1', [params.mailbox])
      return left.length === 0 ? null : view(caller, params.mailbox)
    },
    'GET /api/mailboxes/:mailbox/collections': async ({ params, query }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      return { items: await collectionsOf(params.mailbox, query.channel ?? null) }
    },
    'POST /api/mailboxes/:mailbox/collections/refresh': async ({ params }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      await microsoft.refreshCollections(asId<MailboxId>(params.mailbox))
      return { items: await collectionsOf(params.mailbox, null) }
    },
    'GET /api/mailboxes/:mailbox/seen-by-others': async ({ params, query }, { caller }) => {
      const mailbox = await requireMailbox(database, caller, params.mailbox)
      const settings = await settingsReader(database)
      const treatment = resolve(
        'calendar.privateEvents',
        settings({ organization: mailbox.organization, user: mailbox.user }),
      ).value
      const where = `from records r join collections c on c.container = r.container and c.mailbox = $1
        where r.kind = 'event' and r.deleted_at is null and r.fields ->> 'sensitivity' in ('private', 'personal', 'confidential')`
      const [count] = await database.query<{ n: number }>(`select count(*) as n ${where}`, [params.mailbox])
      const rows = await database.query<{
        id: string
        subject: string
        time: { start: string; end: string; allDay: boolean }
        redacted: string[] | null
      }>(
        `select r.id, r.subject, r.fields -> 'time' as time, r.facts -> 'redacted' as redacted ${where} ${orderAndPage(query, { start: 'r.first_day' }, 'r.id')}`,
        [params.mailbox],
      )
      const items = rows.map((row) => ({
        id: row.id,
        title: row.redacted !== null || treatment !== 'full' ? 'Private' : row.subject,
        start: row.time.start,
        end: row.time.end,
        allDay: row.time.allDay,
        treatment,
      }))
      return pageOf(items, count?.n ?? 0, query)
    },
    'POST /api/mailboxes/:mailbox/channels/:channel/sync': async ({ params }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      requireEnabled(await channelOf(caller, params.mailbox, params.channel))
      await sync.syncNow(asId(params.mailbox), params.channel)
      return channelOf(caller, params.mailbox, params.channel)
    },
    'POST /api/mailboxes/:mailbox/channels/:channel/pause': async ({ params, body }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      await sync.pause(asId(params.mailbox), params.channel, body.reason)
      return channelOf(caller, params.mailbox, params.channel)
    },
    'POST /api/mailboxes/:mailbox/channels/:channel/resume': async ({ params }, { caller }) => {
      await requireMailbox(database, caller, params.mailbox)
      await sync.resume(asId(params.mailbox), params.channel)
      return channelOf(caller, params.mailbox, params.channel)
    },
    'POST /api/sync': async ({ body }, { caller }) => {
      if (body.mailbox !== undefined) await requireMailbox(database, caller, body.mailbox)
      const all = await channelViews(
        database,
        caller,
        env.now(),
        body.mailbox === undefined ? null : [body.mailbox],
      )
      const wanted = all.filter(
        (one) =>
          one.enabled && one.paused === null && (body.channel === undefined || one.channel === body.channel),
      )
      for (const one of wanted) await sync.syncNow(asId(one.mailbox), one.channel)
      return { queued: wanted }
    },
    'GET /api/status': async (_input, { caller }) => {
      const items = await channelViews(database, caller, env.now())
      const total = (name: keyof ChannelView['counts']): number =>
        items.reduce((sum, one) => sum + one.counts[name], 0)
      const [alerts] = await database.query<{ n: number }>(
        `select count(*) as n from alerts a where a.resolved_at is null and ($1::text is null or a."user" = $1)`,
        [ownOnly(caller)],
      )
      const { running, waiting } = await sync.queue()
      return {
        health: worst(items),
        mailboxes: new Set(items.map((one) => one.mailbox)).size,
        waiting: total('waiting'),
        held: total('held'),
        conflicts: total('conflicts'),
        parked: total('parked'),
        alerts: alerts?.n ?? 0,
        queue: { running, waiting },
        items,
      }
    },
    'GET /api/charts': async ({ query }, { caller }) => {
      const stepSeconds = Math.max(60, Math.ceil((query.hours * 3600) / 288))
      const now = env.now()
      const from = now - query.hours * 3_600_000
      const steps = Math.ceil((now - from) / (stepSeconds * 1000))
      const values = [
        stepSeconds,
        new Date(from),
        ownOnly(caller),
        query.mailbox ?? null,
        query.channel ?? null,
      ]
      const writes = await database.query<{
        step: number
        to_crm: number
        to_mailbox: number
        failed: number
      }>(
        `select floor(extract(epoch from (o.done_at - $2)) / $1)::int as step,
            count(*) filter (where o.side = 'crm' and o.state = 'written') as to_crm,
            count(*) filter (where o.side = 'mailbox' and o.state = 'written') as to_mailbox,
            count(*) filter (where o.state = 'rejected') as failed
          from operations o join mailboxes m on m.id = o.mailbox
          where o.done_at >= $2 and ($3::text is null or m."user" = $3) and ($4::text is null or o.mailbox = $4)
            and ($5::text is null or o.channel = $5) group by 1`,
        values,
      )
      const lagAt = await lagByHour(database, {
        from,
        user: ownOnly(caller),
        mailbox: query.mailbox ?? null,
        channel: query.channel ?? null,
      })
      const range = Array.from({ length: steps }, (_, step) => step)
      const writeAt = new Map(writes.map((row) => [row.step, row]))
      return {
        stepSeconds,
        at: range.map((step) => from + step * stepSeconds * 1000),
        // Of the hour in which the step ends, so that the last one tells of now.
        lagSeconds: range.map((step) => lagAt(Math.min(now, from + (step + 1) * stepSeconds * 1000))),
        toCrm: range.map((step) => writeAt.get(step)?.to_crm ?? 0),
        toMailbox: range.map((step) => writeAt.get(step)?.to_mailbox ?? 0),
        failed: range.map((step) => writeAt.get(step)?.failed ?? 0),
      }
    },
    'GET /api/parked': async ({ query }, { caller }) => {
      const values = [
        ownOnly(caller),
        query.mailbox ?? null,
        query.channel ?? null,
        likeOf(query.q),
        caller.user,
      ]
      const from = `from parked p join mailboxes m on m.id = p.mailbox
          left join links l on l.mailbox = p.mailbox and (l.item = p.key or l.record = p.key) left join records r on r.id = l.record
        where ($1::text is null or m."user" = $1) and ($2::text is null or p.mailbox = $2) and ($3::text is null or p.channel = $3)
          and ($4::text is null or p.reason ilike $4 or (r.subject ilike $4 and ${mayReadSql('$5', 'p.mailbox', 'l.record')}))`
      const [count] = await database.query<{ n: number }>(`select count(*) as n ${from}`, values)
      const rows = await database.query<{
        mailbox: string
        channel: Channel
        side: 'crm' | 'mailbox'
        key: string
        subject: string | null
        reason: string
        tries: number
        at: Date
      }>(
        `select p.mailbox, p.channel, p.side, p.key, case when ${mayReadSql('$5', 'p.mailbox', 'l.record')} then r.subject else 'Private' end as subject, p.reason, p.tries, p.at ${from} ${orderAndPage(query, { at: 'p.at' }, 'p.key')}`,
        values,
      )
      const items = rows.map((row) => ({
        mailbox: row.mailbox,
        channel: row.channel,
        side: row.side,
        key: row.key,
        title: row.subject ?? 'An item that could not be read',
        reason: row.reason,
        fix: null,
        tries: row.tries,
        at: isoOf(row.at),
      }))
      return pageOf(items, count?.n ?? 0, query)
    },
    'POST /api/parked/retry': async ({ body }, { caller }) => {
      await requireMailbox(database, caller, body.mailbox)
      if (!(await sync.retryParked(asId(body.mailbox), body.side, body.key))) throw notFound('parked item')
      return null
    },
  }
}
