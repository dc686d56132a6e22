import type { Facts, Fields, MessageFields } from '../core/item.ts'
import { judge, personName, senderOf, whyNoResponse } from '../core/mailroom.ts'
import {
  chooseLocale,
  fill,
  fits,
  unknownVariables,
  VARIABLES,
  type Group,
  type TemplateText,
  type TemplateTexts,
  type Variables,
} from '../core/response-rules.ts'
import { decide, surroundings } from '../crm/mailroom.ts'
import { mailboxOf, messageOf, plainTextOf, type Processing } from '../crm/mailroom-rows.ts'
import type { Sql } from '../store/database.ts'
import { toJson } from '../store/json.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { ApiOutput } from './api/api.ts'
import type { mailroomApi } from './api/mailroom.ts'
import type { HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageOf } from './paging.ts'
import { isoOf, isoOrNull, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { MAY_READ_SYSTEM_MAILBOX, readerOf, requireSystemMailbox } from './system-mailboxes.ts'

/** The review queue, rules of automatic answers with a try on a real message, and their templates. */
type RuleView = ApiOutput<'GET /api/system-mailboxes/:mailbox/rules'>['items'][number]
type TemplateView = ApiOutput<'POST /api/mail-templates'>
const TEXT_SHOWN_MAX = 5_000
const RECENT = 50
const DECIDED = {
  'not-found': 'It is not in the review queue.',
  decided: 'Somebody decided about it before.',
  gone: 'The message or its mailbox is not there any more.',
} as const
const SAMPLE: Variables = {
  'sender.name': 'Petra Haas',
  'sender.email': 'petra.haas@adatum.example',
  subject: 'Question about my order',
  'mailbox.label': 'Support',
  'mailbox.address': 'support@contoso.example',
  record: 'Question about my order',
  date: '2026-03-02',
}

export function mailroomHandlers(parts: Parts): HandlersOf<typeof mailroomApi> {
  const { database, env } = parts

  const rulesOf = async (mailbox: string): Promise<RuleView[]> => {
    const rows = await database.query<{
      id: string
      name: string
      active: boolean
      conditions: Group
      template: string
      template_name: string
      since: Date | number
    }>(
      `select x.id, x.name, x.active, x.conditions, x.template, t.name as template_name,
          case when isfinite(x.since) then x.since end as since
        from response_rules x join mail_templates t on t.id = x.template where x.mailbox = $1 order by x.position, x.id`,
      [mailbox],
    )
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      active: row.active,
      conditions: row.conditions as RuleView['conditions'],
      template: { id: row.template, name: row.template_name },
      since: row.since instanceof Date ? isoOf(row.since) : null,
    }))
  }
  const templates = async (organization: string, id: string | null): Promise<TemplateView[]> => {
    const rows = await database.query<{ id: string; name: string; texts: TemplateTexts; used: number }>(
      `select t.id, t.name, t.texts, (select count(*) from response_rules x where x.template = t.id) as used
        from mail_templates t where t.organization = $1 and ($2::text is null or t.id = $2) order by lower(t.name), t.id`,
      [organization, id],
    )
    return rows.map(({ used, ...row }) => ({ ...row, usedBy: used }))
  }
  const template = async (organization: string, id: string): Promise<TemplateView> => {
    const [row] = await templates(organization, id)
    if (row === undefined) throw notFound('template')
    return row
  }

  return {
    'GET /api/review-queue': async ({ query }, { caller }) => {
      const from = `from review_queue q join system_mailboxes s on s.mailbox = q.mailbox join mailboxes m on m.id = q.mailbox
          join records r on r.id = q.record left join message_bodies b on b.record = r.id
        where ${MAY_READ_SYSTEM_MAILBOX} and q.decided is null and ($4::text is null or q.mailbox = $4)
          and ($5::text is null or r.subject ilike $5)`
      const values = [...readerOf(caller), query.mailbox ?? null, likeOf(query.q)]
      const [count] = await database.query<{ n: number }>(`select count(*) as n ${from}`, values)
      const rows = await database.query<
        RecordColumns & {
          mailbox: string
          label: string
          reason: string
          at: Date
          happens_at: Date | null
          processing: Processing
        }
      >(
        `select ${RECORD_COLUMNS}, r.happens_at, q.mailbox, s.label, q.reason, q.at, s.processing ${from} ${orderAndPage(query, { at: 'q.at' }, 'r.id')}`,
        values,
      )
      const items = rows.map((row) => {
        const { fields } = toRecord(row)
        const from = senderOf({ fields })
        const { to, cc, subject } = fields as unknown as MessageFields
        return {
          record: row.id,
          mailbox: row.mailbox,
          label: row.label,
          subject: subject ?? '',
          sender: from?.email ?? '',
          senderName: from === null ? '' : personName(from).name,
          reason: row.reason,
          at: isoOf(row.at),
          receivedAt: isoOrNull(row.happens_at),
          text: plainTextOf(fields).slice(0, TEXT_SHOWN_MAX),
          to: [...(to ?? []), ...(cc ?? [])].slice(0, 10).map((one) => one.email),
          suggests: row.processing.do === 'nothing' ? null : row.processing.do,
        }
      })
      return pageOf(items, count?.n ?? 0, query)
    },
    'POST /api/review-queue/decide': async ({ body }, { caller }) => {
      const made: { kind: 'lead' | 'case'; id: string; title: string }[] = []
      const refused: { record: string; problem: string }[] = []
      for (const record of body.records) {
        const [row] = await database.query<{ mailbox: string }>(
          'select mailbox from review_queue where record = $1',
          [record],
        )
        if (row === undefined) throw notFound('message in the review queue')
        await requireSystemMailbox(database, caller, row.mailbox)
        const decided = await database.transaction((sql) =>
          decide(sql, env, record, body.decision, caller.user),
        )
        if (!decided.ok) refused.push({ record, problem: DECIDED[decided.why] })
        else if (decided.made !== null) made.push({ ...decided.made })
      }
      return { made, refused }
    },
    'GET /api/system-mailboxes/:mailbox/rules': async ({ params }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      return { items: await rulesOf(params.mailbox) }
    },
    'PUT /api/system-mailboxes/:mailbox/rules': async ({ params, body }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      const known = new Set((await templates(caller.organization, null)).map((one) => one.id))
      for (const [at, rule] of body.items.entries())
        if (!known.has(rule.template))
          throw new Refusal('refused', `The rule “${rule.name}” has no template. Nothing was changed.`, {
            problems: [{ at: `body.items.${at}.template`, problem: 'There is no such template.' }],
          })
      await database.transaction(async (sql) => {
        const kept = body.items.flatMap((rule) => rule.id ?? [])
        await sql.query('delete from response_rules where mailbox = $1 and not id = any($2)', [
          params.mailbox,
          kept,
        ])
        const now = new Date(env.now())
        for (const [position, rule] of body.items.entries())
          await sql.query(
            `insert into response_rules as x (id, mailbox, position, name, active, conditions, template, updated_at, updated_by, since)
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)
              on conflict (id) do update set position = excluded.position, name = excluded.name, active = excluded.active,
                conditions = excluded.conditions, template = excluded.template, updated_at = excluded.updated_at,
                updated_by = excluded.updated_by,
                since = case when excluded.active and not x.active then excluded.since else x.since end
              where x.mailbox = $2`,
            [
              rule.id ?? env.newId(),
              params.mailbox,
              position,
              rule.name,
              rule.active,
              toJson(rule.conditions),
              rule.template,
              now,
              caller.user,
            ],
          )
      })
      return { items: await rulesOf(params.mailbox) }
    },
    'GET /api/system-mailboxes/:mailbox/recent': async ({ params }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      const rows = await database.query<{
        id: string
        subject: string
        sender: string | null
        at: Date | null
      }>(
        `select r.id, r.subject, r.fields -> 'from' ->> 'email' as sender, r.happens_at as at
          from records r join containers k on k.id = r.container
          where k.mailbox = $1 and r.kind = 'message' and r.deleted_at is null and coalesce(k.well_known, '') not in ('sentitems', 'drafts')
          order by r.happens_at desc nulls last, r.id limit ${RECENT}`,
        [params.mailbox],
      )
      return {
        items: rows.map((row) => ({ ...row, sender: row.sender ?? '', at: isoOrNull(row.at) })),
      }
    },
    'POST /api/system-mailboxes/:mailbox/try': async ({ params, body }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      const mailbox = await mailboxOf(database, params.mailbox)
      const message = (await isIn(database, body.message, params.mailbox))
        ? await messageOf(database, body.message)
        : null
      if (mailbox === null || message === null) throw notFound('message in this mailbox')
      const around = await surroundings(database, mailbox, message)
      const sender = senderOf(message)
      const used = body.template === null ? null : await template(caller.organization, body.template)
      const locale = used === null ? null : chooseLocale(used.texts, localesOf(message))
      const text = used === null || locale === null ? undefined : used.texts[locale]
      const verdict = judge(message, { ...around, threadDecided: false })
      return {
        fits: fits(body.conditions, message),
        silent: whyNoResponse(message, around),
        text:
          text === undefined || locale === null || sender === null
            ? null
            : {
                locale,
                ...fill(text, {
                  'sender.name': personName(sender).name,
                  'sender.email': sender.email,
                  subject: String(message.fields['subject'] ?? ''),
                  'mailbox.label': mailbox.label,
                  'mailbox.address': mailbox.address,
                  record: String(message.fields['subject'] ?? ''),
                  date: new Date(env.now()).toISOString().slice(0, 10),
                }),
              },
        processing: verdict.reason,
      }
    },
    'GET /api/mail-templates': async (_input, { caller }) => ({
      items: await templates(caller.organization, null),
      variables: [...VARIABLES],
    }),
    'POST /api/mail-templates': async ({ body }, { caller }) => {
      requireVariables(body.texts)
      const id = env.newId()
      await database.query(
        `insert into mail_templates (id, organization, name, texts, updated_at, updated_by) values ($1, $2, $3, $4, $5, $6)`,
        [id, caller.organization, body.name, toJson(body.texts), new Date(env.now()), caller.user],
      )
      return template(caller.organization, id)
    },
    'PATCH /api/mail-templates/:template': async ({ params, body }, { caller }) => {
      await template(caller.organization, params.template)
      if (body.texts !== undefined) requireVariables(body.texts)
      await database.query(
        `update mail_templates set name = coalesce($2, name), texts = coalesce($3::json, texts), updated_at = $4, updated_by = $5 where id = $1`,
        [
          params.template,
          body.name ?? null,
          body.texts === undefined ? null : toJson(body.texts),
          new Date(env.now()),
          caller.user,
        ],
      )
      return template(caller.organization, params.template)
    },
    'DELETE /api/mail-templates/:template': async ({ params }, { caller }) => {
      const { usedBy } = await template(caller.organization, params.template)
      if (usedBy > 0)
        throw new Refusal(
          'not-now',
          `${usedBy} rules use this template. Nothing was deleted. Give them another one first.`,
        )
      await database.query('delete from mail_templates where id = $1', [params.template])
      return null
    },
    'POST /api/mail-templates/preview': async ({ body }) => fill(body, SAMPLE),
  }
}

const localesOf = ({ facts }: { readonly facts: Facts; readonly fields: Fields }): string | undefined =>
  facts.headers?.['accept-language']

const isIn = async (sql: Sql, message: string, mailbox: string): Promise<boolean> =>
  (
    await sql.query(
      'select 1 from records r join containers k on k.id = r.container where r.id = $1 and k.mailbox = $2',
      [message, mailbox],
    )
  ).length > 0

function requireVariables(texts: { readonly [locale: string]: TemplateText }): void {
  const problems = Object.entries(texts).flatMap(([locale, text]) =>
    (['subject', 'body'] as const).flatMap((part) =>
      unknownVariables(text[part]).map((name) => ({
        at: `body.texts.${locale}.${part}`,
        problem: `There is no variable “${name}”. There are: ${VARIABLES.join(', ')}.`,
      })),
    ),
  )
  const [first] = problems
  if (first !== undefined) throw new Refusal('refused', `${first.problem} Nothing was saved.`, { problems })
}
