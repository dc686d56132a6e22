/** Bad input never crashes the emulator: every answer is Graph's own, and never a 500. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ANNA, BEN, caller, emulated, valuesOf, type Json } from '../../tests/support/emulated.ts'
import type { Emulator } from './emulator.ts'
import type { Route } from './router.ts'

/** A longer play: `FUZZ_RUNS=20000 FUZZ_SEED=7`. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1_500)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20260930)

/** Values of the right and of the wrong kind for anything that a body may hold. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      1e21,
      1.5,
      '',
      'x',
      'UTC',
      'daily',
      'weekly',
      'text',
      'html',
      'busy',
      'Europe/Berlin',
      'Nowhere/Land',
    ),
    fc.constantFrom(
      '2026-10-01T09:00:00',
      '2026-02-30T00:00:00',
      '9999-12-31T23:59:59.9999999',
      '0001-01-01T00:00:00Z',
      '2026-10-01',
    ),
    fc.string(),
    fc.integer(),
    fc.array(tie('any'), { maxLength: 4 }),
    tie('record'),
  ),
  record: fc.dictionary(
    fc.constantFrom(
      'subject',
      'title',
      'start',
      'end',
      'dateTime',
      'timeZone',
      'recurrence',
      'pattern',
      'range',
      'type',
      'interval',
      'daysOfWeek',
      'startDate',
      'endDate',
      'numberOfOccurrences',
      'attendees',
      'emailAddress',
      'address',
      'body',
      'content',
      'contentType',
      'isAllDay',
      'name',
      'displayName',
      'contentBytes',
      '@odata.type',
      'AttachmentItem',
      'size',
      'dueDateTime',
      'status',
      'checklistItems',
      'linkedResources',
      'singleValueExtendedProperties',
      'id',
      'value',
      'extensions',
      'extensionName',
      'toRecipients',
      'message',
      'destinationId',
      'comment',
      'requests',
      'url',
      'method',
      'transactionId',
      'location',
      'locations',
      'categories',
      '__proto__',
      'constructor',
      'unknownProperty',
    ),
    tie('any'),
    { maxKeys: 8 },
  ),
})).any

const query = fc.array(
  fc.tuple(
    fc.constantFrom(
      '$filter',
      '$orderby',
      '$select',
      '$expand',
      '$top',
      '$skip',
      '$count',
      '$search',
      '$skiptoken',
      '$deltatoken',
      'startDateTime',
      'endDateTime',
      'nonsense',
    ),
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        "subject eq 'x'",
        '((((',
        "a/any(b:b/c eq 'd')",
        "contains(subject,'x') and not (importance eq null)",
        'start/dateTime',
        '-1',
        '1000000',
        '%E0%A4%A',
        "singleValueExtendedProperties($filter=id eq 'x')",
        '2026-10-01T00:00:00Z',
        '2027-10-01T00:00:00+25:99',
        "'",
      ),
    ),
  ),
  { maxLength: 4 },
)

const at = (hour: string): Json => ({
  dateTime: `2026-10-05T${hour}:00:00`,
  timeZone: 'W. Europe Standard Time',
})
const weekly = {
  pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'] },
  range: { type: 'noEnd', startDate: '2026-10-05' },
}
const someone = [{ emailAddress: { address: BEN, name: 'Ben' } }]

/** Bodies that would be taken; each is spoiled in one place. */
const NEARLY: readonly Json[] = [
  {
    subject: 'A',
    start: at('09'),
    end: at('10'),
    body: { contentType: 'html', content: '<b>x</b>' },
    attendees: someone,
    location: { displayName: 'Here' },
  },
  {
    subject: 'B',
    start: at('09'),
    end: at('10'),
    recurrence: weekly,
    categories: ['x'],
    isOnlineMeeting: true,
    showAs: 'free',
  },
  {
    title: 'C',
    dueDateTime: at('00'),
    recurrence: weekly,
    checklistItems: [{ displayName: 'x' }],
    linkedResources: [{ webUrl: 'https://app.example.com' }],
  },
  { displayName: 'D', name: 'D', color: 'preset1', externalId: 'x', isChecked: true },
  {
    subject: 'E',
    toRecipients: someone,
    body: { contentType: 'text', content: 'x' },
    isRead: true,
    flag: { flagStatus: 'flagged' },
  },
  {
    message: { subject: 'F', toRecipients: someone },
    comment: 'x',
    toRecipients: someone,
    destinationId: 'inbox',
    sendResponse: true,
  },
  {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: 'x',
    contentBytes: 'eA==',
    extensionName: 'com.contoso.x',
  },
  {
    AttachmentItem: { attachmentType: 'file', name: 'x', size: 10 },
    attachmentInfo: { attachmentType: 'file', name: 'x', size: 10 },
  },
]

/** Which of them a route would take. */
const FITTING: readonly (readonly [RegExp, readonly number[]])[] = [
  [/events(\/\{event\})?$/, [0, 1]],
  [/tasks(\/\{task\})?$/, [2]],
  [/messages(\/\{message\})?$/, [4]],
  [/(sendMail|reply|replyAll|forward|move|copy|accept|decline|tentativelyAccept|cancel)$/i, [5]],
  [/(attachments|extensions)$/, [6]],
  [/createUploadSession$/, [7]],
]

const nearly = (route: Route): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(
        ...(FITTING.find(([pattern]) => pattern.test(route.path))?.[1] ?? [3]).map((n) => NEARLY[n] ?? {}),
      ),
      fc.nat(20),
      value,
      fc.boolean(),
    )
    .map(([body, n, spoil, leave]): string => {
      const names = Object.keys(body)
      const name = names[n % names.length] ?? ''
      return JSON.stringify(
        leave
          ? body
          : n % 3 === 0 && typeof body[name] === 'object' && !Array.isArray(body[name])
            ? {
                ...body,
                [name]: { ...(body[name] as Json), [Object.keys(body[name] as Json)[0] ?? '']: spoil },
              }
            : { ...body, [name]: spoil },
      )
    })

/** Real ids by the kind of thing they name. */
async function harvest(emulator: Emulator): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const person of [ANNA, BEN]) {
    const client = caller(emulator, person)
    const lists = valuesOf(await client.get('/me/todo/lists')).map((row) => String(row['id']))
    const sources: Record<string, string> = {
      calendar: '/me/calendars',
      group: '/me/calendarGroups',
      event: '/me/calendarView?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z&$top=50',
      list: '/me/todo/lists',
      task: `/me/todo/lists/${lists[0] ?? ''}/tasks`,
      folder: '/me/mailFolders?$top=50',
      message: '/me/messages?$top=20',
    }
    for (const [kind, path] of Object.entries(sources))
      found[kind] = [
        ...(found[kind] ?? []),
        ...valuesOf(await client.get(path)).map((row) => String(row['id'])),
      ]
  }
  return found
}

const NONSENSE = [
  'AAMkAD',
  'x',
  '%00',
  '..',
  "'",
  'AAkALgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'inbox',
  '🙂',
  'a'.repeat(2_000),
]

/** Mostly ids of the right kind. */
function pathOf(
  route: Route,
  ids: Readonly<Record<string, readonly string[]>>,
  dice: readonly number[],
): string {
  let n = 0
  return route.path.replace('/users/{user}', '/me').replace(/\{([^}]*)\}/g, (_all, name: string) => {
    const roll = dice[n++ % dice.length] ?? 0
    const fitting = roll % 5 === 0 ? undefined : ids[name.toLowerCase()]
    const choice = fitting ?? (roll % 2 === 0 ? NONSENSE : Object.values(ids).flat())
    return encodeURIComponent(choice[(n === 1 && name === 'list' ? 0 : roll) % choice.length] ?? '')
  })
}

test(
  'requests of any shape are answered, never with a 500',
  { timeout: Math.max(120_000, RUNS * 40) },
  async () => {
    const emulator = emulated({ seed: 'demo' })
    emulator.control.store.switches.requestsPerTenMinutesMax = 0
    const { control, info } = emulator
    const token = control.token(info.clientId, ANNA)
    const ids = await harvest(emulator)
    control.snapshot()
    const statuses = new Map<number, number>()
    const route = fc.constantFrom(...emulator.routes)
    let count = 0
    await fc.assert(
      fc.asyncProperty(
        route.chain((chosen) =>
          fc.tuple(
            fc.constant(chosen),
            fc.oneof(
              { weight: 6, arbitrary: nearly(chosen) },
              value.map((body) => JSON.stringify(body)),
              fc.string(),
              fc.constantFrom('', '{', '[]', 'null', '{"a":'),
            ),
          ),
        ),
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 4 }),
        fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: query }),
        fc.constantFrom(
          undefined,
          'outlook.timezone="Mars"',
          'odata.maxpagesize=-3',
          'IdType="ImmutableId", outlook.body-content-type="text"',
        ),
        async ([route, body], dice, options, prefer) => {
          // Deletions get through as well: begin anew now and then.
          if (++count % 50 === 0) control.restore()
          const search = options.map(([name, content]) => `${name}=${encodeURIComponent(content)}`).join('&')
          const hasBody = route.method !== 'GET' && route.method !== 'DELETE'
          const response = await emulator.handle(
            new Request(`${info.graph}${pathOf(route, ids, dice)}?${search}`, {
              method: route.method,
              headers: {
                authorization: `Bearer ${token}`,
                'content-type': 'application/json',
                ...(prefer === undefined ? {} : { prefer }),
              },
              ...(hasBody ? { body } : {}),
            }),
          )
          const text = await response.text()
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
          if (response.status >= 500 && response.status !== 501)
            throw new Error(`${response.status}: ${text}`)
          if (response.status >= 400)
            expect((JSON.parse(text) as { error: Json }).error).toHaveProperty('code')
        },
      ),
      { numRuns: RUNS, seed: SEED },
    )
    expect(control.logs.complaints.entries.filter(({ kind }) => kind === 'emulator-bug')).toEqual([])
    // Some of it got through: the test is not only about refusals.
    expect(
      [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0),
    ).toBeGreaterThan(RUNS / 50)
    expect((await caller(emulator, ANNA).get('/me/calendars')).status).toBe(200)
  },
)

test('batches of any shape are answered', async () => {
  const emulator = emulated()
  const { control, info } = emulator
  const token = control.token(info.clientId, ANNA)
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        value.map((requests) => JSON.stringify({ requests })),
        fc
          .array(
            fc.record(
              {
                id: fc.constantFrom('1', '2', ''),
                method: fc.constantFrom('GET', 'POST', 'x'),
                url: fc.constantFrom('/me', '/$batch', '', 'http://elsewhere.example.com/me', '/me/events'),
                body: value,
                dependsOn: fc.constantFrom(['1'], [1], null),
              },
              { requiredKeys: ['id', 'method', 'url'] },
            ),
            { maxLength: 25 },
          )
          .map((requests) => JSON.stringify({ requests })),
        fc.string(),
      ),
      async (body) => {
        const response = await emulator.handle(
          new Request(`${info.graph}/$batch`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body,
          }),
        )
        expect(response.status).toBeLessThan(500)
      },
    ),
    { numRuns: 300, seed: SEED },
  )
  expect(control.logs.complaints.entries.filter(({ kind }) => kind === 'emulator-bug')).toEqual([])
})

test('sign-in and the control API refuse nonsense, and a huge body is refused before it is kept', async () => {
  const emulator = emulated()
  const listening = await emulator.listen(0)
  try {
    for (const path of [
      '/x/oauth2/v2.0/authorize',
      '/common/oauth2/v2.0/token',
      '/emulator/nothing',
      '/emulator/seed',
      '/uploads/x',
      '/v1.0',
      '/v1.0/',
      '/v1.0/%00',
    ])
      for (const method of ['GET', 'POST']) {
        const response = await fetch(`${listening.url}${path}`, {
          method,
          ...(method === 'POST' ? { body: 'a=b&%zz' } : {}),
        })
        expect(response.status, `${method} ${path}`).toBeLessThan(500)
        expect(response.status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
      }
    const huge = await fetch(`${listening.url}/v1.0/me/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'x'.repeat(9 * 1024 * 1024),
    }).then(
      ({ status }) => status,
      () => 413,
    )
    expect(huge).toBe(413)
  } finally {
    await listening.close()
  }
})
