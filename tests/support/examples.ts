/** Values that exist here, for the placeholders, tokens and past dates of the documented requests. */
import { caller, BEN, type Caller, type Json } from './emulated.ts'
import type { Emulator } from '../../src/emulator/emulator.ts'

/** Texts of documented requests and what stands for them; within one example or in all. */
export type Values = readonly (readonly [example: string | null, text: string | RegExp, value: string])[]

const DATES = /("expirationDateTime":\s*")[^"]*"/g

type Make = (who: Caller, path: string, body: Json) => Promise<Json>

/** Item attachments and a subscription for examples that are about one; their ids by example. */
export async function setMore(
  make: Make,
  anna: Caller,
  ids: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const attach = async (name: string, item: Json): Promise<string> => {
    const body = { '@odata.type': '#microsoft.graph.itemAttachment', name, item }
    return String((await make(anna, `/me/messages/${ids['messages'] ?? ''}/attachments`, body))['id'])
  }
  const message = {
    '@odata.type': '#microsoft.graph.message',
    subject: 'Nested',
    body: { contentType: 'html', content: 'Nested' },
  }
  const nested = await attach('Nested message', message)
  const subscription = await make(anna, '/subscriptions', {
    changeType: 'created',
    notificationUrl: 'https://client.example/other',
    lifecycleNotificationUrl: 'https://client.example/lifecycle',
    resource: "/me/mailFolders('archive')/messages",
    expirationDateTime: '2026-10-01T08:00:00Z',
  })
  return {
    'attachment-get.md #4 messages/attachments': nested,
    'attachment-get.md #6 messages/attachments': nested,
    subscriptions: String(subscription['id']),
  }
}

/** A calendar round with three pages, and default ids. */
export async function setValues(
  emulator: Emulator,
  anna: Caller,
  ids: Readonly<Record<string, string>>,
): Promise<Values> {
  const token = (answered: { body: Json }): string =>
    /\$(?:skip|delta)token=(.*)$/.exec(
      String(answered.body['@odata.nextLink'] ?? answered.body['@odata.deltaLink'] ?? ''),
    )?.[1] ?? ''
  const view = '/me/calendarView/delta'
  const size = { prefer: 'odata.maxpagesize=1' }
  const first = await anna.get(`${view}?startDateTime=2026-09-01&endDateTime=2026-10-20`, size)
  const second = await anna.get(`${view}?$skiptoken=${token(first)}`, size)
  let last = second
  while (last.body['@odata.deltaLink'] === undefined)
    last = await anna.get(`${view}?$skiptoken=${token(last)}`, size)
  const mutable = caller(emulator, 'anna.lindqvist@contoso.example', { immutable: false })
  const known = ((await mutable.get('/me/messages?$top=2')).body['value'] as Json[]).map((row) =>
    String(row['id']),
  )
  return [
    ['delta-query-events.md #2', /R0usmc\w+/, token(first)],
    ['delta-query-events.md #4', /R0usmc\w+/, token(second)],
    ['delta-query-events.md #6', /R0usmc\w+/, token(last)],
    ['user-translateexchangeids.md #0', '{rest-formatted-id-1}', known[0] ?? ''],
    ['user-translateexchangeids.md #0', '{rest-formatted-id-2}', known[1] ?? ''],
    ['outlook-immutable-id.md #0', 'AQMkAGM2…', known[0] ?? ''],
    ['user-post-mailfolders.md #0', '"Clutter"', '"Clutter of today"'],
    ['message-update.md #0', '"contentType": ""', '"contentType": "text"'],
    ['webhooks-lifecycle.md #0', '/users/{id}', `/users/${ids['users'] ?? ''}`],
    [null, 'adelev@contoso.onmicrosoft.com', 'anna.lindqvist@contoso.example'],
    [null, 'meganb@contoso.onmicrosoft.com', BEN],
    [null, '{user-mail}', BEN],
    [null, 'address-value', BEN],
    [null, 'destinationId-value', 'archive'],
    [null, 'dateTime-value', '2026-10-01T11:45:00'],
    [null, 'timeZone-value', 'UTC'],
    [null, /\{today\}/g, '2026-09-30T08:00:00'],
    [null, /\{next-week\}/g, '2026-10-07T08:00:00'],
    [null, /2019-03-15T/g, '2026-10-01T'],
    [null, DATES, '$12026-10-02T08:00:00Z"'],
    [
      null,
      "(startDateTime='2017-06-05T10:00:00.0000000',endDateTime='2017-06-11T11:00:00.0000000')",
      "(startDateTime='2026-10-01T10:00:00.0000000',endDateTime='2026-10-11T11:00:00.0000000')",
    ],
  ]
}

export function withValues(values: Values, example: string, text: string): string {
  let filled = text
  for (const [only, what, value] of values)
    if (only === null || only === example) filled = filled.replace(what, value)
  return filled
}
