/**
 * Microsoft's documented requests, replayed. Ids of the documentation are replaced by ids of things that exist here;
 * then the status, the headers that matter and the shape of the body (as a subset) must agree. An example is in scope
 * when the emulator has a route for it.
 */
import { expect } from 'vitest'
import type { Emulator } from './emulator.ts'
import { caller, emulated, type Answered, type Caller, type Json } from '../../tests/support/emulated.ts'
import { readReference, testWithReference } from '../../tests/support/reference.ts'
import { DIFFERENCES, OUT_OF_SCOPE } from './examples-differences.ts'
import { setMore, setValues, withValues, type Values } from '../../tests/support/examples.ts'

interface Example {
  readonly page: string
  readonly name: string | null
  readonly kind: 'request' | 'response'
  readonly method: string | null
  readonly url: string | null
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>> | null
  readonly body: string | null
  readonly bodyJson: unknown
  readonly bodyIsJson: boolean
  readonly seq: number
  readonly forRequestSeq?: number
}

/** Things for the ids of the documentation to stand for. */
interface Stage {
  readonly emulator: Emulator
  readonly anna: Caller
  readonly ids: Readonly<Record<string, string>>
  readonly values: Values
}

const at = (day: string, hour: string): Json => ({
  dateTime: `2026-10-${day}T${hour}:00:00`,
  timeZone: 'UTC',
})

type Make = (who: Caller, path: string, body: Json) => Promise<Json>

async function setStage(): Promise<Stage> {
  // Whoever is asked to prove that it listens gives the token back.
  const emulator = emulated({
    send: async (url) => ({
      status: 200,
      headers: { get: () => 'text/plain' },
      text: async () => new URL(url).searchParams.get('validationToken') ?? '',
    }),
  })
  const anna = caller(emulator, 'anna.lindqvist@contoso.example')
  const ben = caller(emulator, 'ben.okafor@contoso.example')
  const make: Make = async (who, path, body) => {
    const { status, body: made } = await who.post(path, body)
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(made)}`)
    return made
  }
  const attendee = (address: string): Json => ({ type: 'required', emailAddress: { address, name: address } })
  const extensionName = 'Com.Contoso.Referral'
  const group = await make(anna, '/me/calendarGroups', { name: 'Projects' })
  const calendar = await make(anna, `/me/calendarGroups/${String(group['id'])}/calendars`, {
    name: 'Field trips',
  })
  const event = await make(anna, '/me/events', {
    subject: 'Lunch',
    location: { displayName: "Harry's Bar" },
    start: at('01', '12'),
    end: at('01', '13'),
    attendees: [attendee('ben.okafor@contoso.example')],
    extensions: [
      { '@odata.type': 'microsoft.graph.openTypeExtension', extensionName, companyName: 'Wingtip' },
    ],
  })
  const master = await make(anna, '/me/events', {
    subject: 'Weekly',
    start: at('05', '09'),
    end: at('05', '10'),
    recurrence: {
      pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'] },
      range: { type: 'noEnd', startDate: '2026-10-05' },
    },
  })
  await make(ben, '/me/events', {
    subject: 'From Ben',
    location: { displayName: 'Room 2' },
    start: at('02', '12'),
    end: at('02', '13'),
    attendees: [attendee('anna.lindqvist@contoso.example')],
  })
  const listed = await anna.get("/me/events?$filter=subject eq 'From Ben'")
  const attended = (listed.body['value'] as Json[])[0] ?? {}
  const invited = await ben.get("/me/events?$filter=subject eq 'Lunch'")
  const copy = (invited.body['value'] as Json[])[0] ?? {}
  await ben.post(`/me/events/${String(copy['id'])}/tentativelyAccept`, {
    proposedNewTime: { start: at('01', '14'), end: at('01', '15') },
  })
  const file = {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: 'menu.txt',
    contentBytes: 'bWVudQ==',
  }
  const attachment = await make(anna, `/me/events/${String(event['id'])}/attachments`, file)
  const list = await make(anna, '/me/todo/lists', { displayName: 'Travel items' })
  const tasks = `/me/todo/lists/${String(list['id'])}/tasks`
  const task = await make(anna, tasks, { title: 'Shop for dinner', dueDateTime: at('03', '00') })
  const step = await make(anna, `${tasks}/${String(task['id'])}/checklistItems`, { displayName: 'Milk' })
  const linked = await make(anna, `${tasks}/${String(task['id'])}/linkedResources`, {
    applicationName: 'App',
    displayName: 'Thing',
    externalId: 'x',
    webUrl: 'https://app.example.com/x',
  })
  const category = await make(anna, '/me/outlook/masterCategories', {
    displayName: 'Projects',
    color: 'preset9',
  })
  const ids: Record<string, string> = {
    calendargroups: String(group['id']),
    calendars: String(calendar['id']),
    events: String(event['id']),
    masters: String(master['id']),
    attended: String(attended['id']),
    lists: String(list['id']),
    tasks: String(task['id']),
    checklistitems: String(step['id']),
    linkedresources: String(linked['id']),
    attachments: String(attachment['id']),
    mastercategories: String(category['id']),
    users: emulator.info.users[0]?.id ?? '',
    extensions: extensionName,
  }
  await setMail(make, anna, ids)
  Object.assign(ids, await setMore(make, anna, ids))
  return { emulator, anna, ids, values: await setValues(emulator, anna, ids) }
}

/** A message with an attachment and an extension in a folder of its own, and an invitation in the inbox. */
async function setMail(make: Make, anna: Caller, ids: Record<string, string>): Promise<void> {
  const folder = await make(anna, '/me/mailFolders', { displayName: 'Projects' })
  const body = { contentType: 'html', content: 'Hi' }
  const to = [{ emailAddress: { address: 'ben.okafor@contoso.example' } }]
  const extensions = [
    {
      '@odata.type': 'microsoft.graph.openTypeExtension',
      extensionName: ids['extensions'],
      companyName: 'Wingtip',
      dealValue: 500050,
      expirationDate: '2026-12-03T10:00:00Z',
    },
  ]
  const path = `/me/mailFolders/${String(folder['id'])}/messages`
  const message = await make(anna, path, { subject: 'Kick-off', body, toRecipients: to, extensions })
  const file = {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: 'plan.txt',
    contentBytes: 'cGxhbg==',
  }
  const attachment = await make(anna, `/me/messages/${String(message['id'])}/attachments`, file)
  const inbox = await anna.get('/me/mailFolders/inbox/messages')
  const invitation =
    (inbox.body['value'] as Json[]).find((row) => row['meetingMessageType'] === 'meetingRequest') ?? {}
  Object.assign(ids, {
    mailfolders: folder['id'],
    childfolders: folder['id'],
    messages: message['id'],
    invitations: invitation['id'],
    'messages/attachments': attachment['id'],
  })
}

/** Pages whose messages are invitations. */
const ABOUT_MEETINGS = /eventmessage-(update|get)|shared-delegated-calendar/

const ATTENDED = new Set(['accept', 'decline', 'tentativelyaccept'])

const nameOf = (example: Example): string => `${example.page.split('/').at(-1) ?? ''} #${example.seq}`

/** Some pages of v1.0 show an address of beta, or one without its beginning. */
const BEGINNING = /^(?:https:\/\/graph\.microsoft\.com\/(?:v1\.0|beta)(?=\/)|(?=users\/))/

/** The documentation's path with ids that exist. */
function realPath(example: Example, { ids, values }: Stage): string {
  const { page } = example
  const [path = '', ...query] = withValues(values, nameOf(example), example.url ?? '')
    .replace(BEGINNING, '')
    .split('?')
  const segments = path
    .replace(/\('([^']*)'\)/g, '/$1')
    .split('/')
    .filter((segment) => segment !== '')
  const last = segments.at(-1)?.toLowerCase() ?? ''
  const real = segments.map((segment, n) => {
    const parent = segments[n - 1]?.toLowerCase() ?? ''
    if (segment.startsWith('$') || /^(delta|createUploadSession)\b/.test(segment)) return segment
    if (parent === 'events' && ATTENDED.has(last)) return ids['attended'] ?? segment
    if (parent === 'events' && last === 'instances') return ids['masters'] ?? segment
    if (parent === 'messages' && ABOUT_MEETINGS.test(page)) return ids['invitations'] ?? segment
    const above = segments[n - 3]?.toLowerCase() ?? ''
    const place = `${above}/${parent}`
    return ids[`${nameOf(example)} ${place}`] ?? ids[place] ?? ids[parent] ?? segment
  })
  return `/${real.join('/')}${query.length > 0 ? `?${query.join('?')}` : ''}`
}

/** Everything in the documented body that the answer has not, or has with another type. Values are not compared. */
function missing(documented: unknown, answered: unknown, path = ''): string[] {
  if (documented === null || answered === null || answered === undefined)
    return documented === null || answered === null ? [] : [`${path} is missing`]
  if (Array.isArray(documented)) {
    if (!Array.isArray(answered)) return [`${path} is no list`]
    const sample = documented[0] as unknown
    return answered.length === 0 || sample === undefined ? [] : missing(sample, answered[0], `${path}[]`)
  }
  if (typeof documented === 'object') {
    if (typeof answered !== 'object') return [`${path} is no object`]
    return Object.entries(documented).flatMap(([name, value]) =>
      name.startsWith('@') || name.includes('@odata')
        ? []
        : missing(value, (answered as Json)[name], `${path}.${name}`),
    )
  }
  return typeof documented === typeof answered
    ? []
    : [`${path} is a ${typeof answered}, not a ${typeof documented}`]
}

/** Headers of documented responses that a client may rely on. */
const HEADERS_THAT_MATTER = ['preference-applied', 'location', 'retry-after']

/** Some pages print the request's headers, indented, above its body. */
function embedded(source: string | null): { headers: [string, string][]; body: unknown } {
  const [head = '', ...rest] = (source ?? '').split(/\r?\n\s*\r?\n/)
  const headers = head.split(/\r?\n/).map((line) => /^\s*([A-Za-z-]+): (.*)$/.exec(line))
  if (source === null || rest.length === 0 || headers.some((match) => match === null))
    return { headers: [], body: source }
  return {
    headers: headers.map((match): [string, string] => [match?.[1] ?? '', match?.[2] ?? '']),
    body: JSON.parse(rest.join('\n')) as unknown,
  }
}

const HEADERS_SENT = ['prefer', 'content-type', 'consistencylevel']

async function replay(stage: Stage, request: Example, response: Example | undefined): Promise<string[]> {
  const path = realPath(request, stage)
  const inline = embedded(request.body)
  const headers = Object.fromEntries(
    [...Object.entries(request.headers ?? {}), ...inline.headers]
      .map(([name, value]) => [name.toLowerCase(), value])
      .filter(([name = '']) => HEADERS_SENT.includes(name)),
  )
  const documented =
    request.method === 'GET' ? undefined : request.bodyIsJson ? request.bodyJson : inline.body
  const body =
    typeof documented === 'object' && documented !== null
      ? (JSON.parse(
          withValues(stage.values, nameOf(request), JSON.stringify(documented, null, 1)),
        ) as unknown)
      : documented
  const answered: Answered = await stage.anna.call(request.method ?? 'GET', path, body ?? undefined, headers)
  const expected = response?.status ?? null
  const problems: string[] = []
  if (expected === null ? answered.status >= 400 : answered.status !== expected)
    problems.push(
      `status ${answered.status}, documented ${expected ?? 'as a success'}: ${answered.text.slice(0, 300)}`,
    )
  else if (response !== undefined) {
    if (response.bodyIsJson && response.bodyJson !== null)
      problems.push(...missing(response.bodyJson, answered.body))
    for (const name of Object.keys(response.headers ?? {}))
      if (HEADERS_THAT_MATTER.includes(name.toLowerCase()) && !answered.headers.has(name))
        problems.push(`the header ${name} is missing`)
  }
  return problems
}

const count = (reasons: ReadonlyMap<string, number>): number =>
  [...reasons.values()].reduce((sum, n) => sum + n, 0)

testWithReference(
  'documented examples: status, headers that matter and the shape of the body agree',
  async () => {
    const examples = readReference('graph-examples.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Example)
    const requests = examples.filter((example) => example.kind === 'request')
    let covered = 0
    const outOfScope = new Map<string, number>()
    const differing: string[] = []
    const unexplained: string[] = []
    const explained = new Set<string>()
    const snapshot = await setStage()
    snapshot.emulator.control.snapshot()
    for (const request of requests) {
      const url = request.url ?? ''
      const path = realPath(request, snapshot)
      const isGraph = BEGINNING.test(url) || url.startsWith('/')
      const route = isGraph
        ? snapshot.emulator.routeOf(request.method ?? '', `/v1.0${path.split('?')[0] ?? ''}`)
        : null
      if (route === null) {
        const address = `${request.method ?? ''} ${url}`
        const reason = OUT_OF_SCOPE.find(([pattern]) => pattern.test(address))?.[1]
        if (reason === undefined) unexplained.push(`${nameOf(request)} ${address}: no route`)
        else outOfScope.set(reason, (outOfScope.get(reason) ?? 0) + 1)
        continue
      }
      snapshot.emulator.control.restore()
      const response = examples.find(
        (example) =>
          example.kind === 'response' &&
          example.page === request.page &&
          example.forRequestSeq === request.seq,
      )
      const problems = await replay(snapshot, request, response)
      const key = nameOf(request)
      const reason = DIFFERENCES[key]
      if (problems.length === 0) covered++
      else if (reason === undefined)
        unexplained.push(`${key} ${request.method ?? ''} ${url}\n    ${problems.join('\n    ')}`)
      else {
        differing.push(`${key}: ${reason}`)
        explained.add(key)
      }
    }
    process.stdout.write(
      `documented examples: ${covered} covered, ${count(outOfScope)} out of scope, ${differing.length + unexplained.length} differing\n${[...outOfScope].map(([reason, n]) => `  ${n} out of scope: ${reason}\n`).join('')}${differing.map((line) => `  ${line}\n`).join('')}`,
    )
    expect(unexplained).toEqual([])
    expect(
      Object.keys(DIFFERENCES).filter((key) => !explained.has(key)),
      'reasons for differences that are gone',
    ).toEqual([])
    expect(covered).toBeGreaterThan(160)
  },
)
