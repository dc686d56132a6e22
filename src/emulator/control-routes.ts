/** The control API over HTTP, below `/emulator/`. Documented in README.md. */
import { controlDirectory, Refused } from './control-directory.ts'
import type { Control } from './control.ts'
import { FAULT_KINDS, type FaultKind, type FaultRule } from './faults.ts'
import { bodyText, parseQuery, type Incoming, type Outgoing } from './http.ts'
import { isObject, type JsonObject } from './item-parts.ts'
import { LIFECYCLE_EVENTS } from './notifications.ts'
import type { OutsideMail } from './outside-mail.ts'
import type { Switches } from './switches.ts'

function readBody(incoming: Incoming): JsonObject {
  const source = bodyText(incoming.body)
  if (source.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(source)
    if (isObject(value)) return value
  } catch {
    // Falls through to the refusal.
  }
  throw new Refused('The body must be a JSON object.')
}

const answer = (body: unknown, status = 200): Outgoing => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: JSON.stringify(body, (_name, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value,
  ),
})

/** The numbers of a rule and what they may be. */
const RULE_NUMBERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  count: [0, 1e9],
  after: [0, 1e9],
  probability: [0, 1],
  status: [400, 599],
  retryAfterSeconds: [0, 1e6],
  delayMilliseconds: [0, 1e9],
}

function readRules(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new Refused('`rules` must be a list.')
  return value.map((entry) => {
    if (!isObject(entry) || !FAULT_KINDS.includes(entry['kind'] as FaultKind))
      throw new Refused(`A rule needs a kind: ${FAULT_KINDS.join(', ')}.`)
    for (const [name, content] of Object.entries(entry)) {
      const bounds = RULE_NUMBERS[name]
      if (bounds !== undefined) {
        if (typeof content !== 'number' || !(content >= bounds[0] && content <= bounds[1]))
          throw new Refused(`\`${name}\` of a rule must be a number from ${bounds[0]} to ${bounds[1]}.`)
      } else if (!['kind', 'method', 'path', 'mailbox'].includes(name))
        throw new Refused(`A rule has no \`${name}\`.`)
      else if (typeof content !== 'string') throw new Refused(`\`${name}\` of a rule must be a text.`)
    }
    return entry as unknown as FaultRule
  })
}

function readText(body: JsonObject, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new Refused(`\`${name}\` must be a text.`)
  return value
}

/** Headers that a GET is made with, such as `prefer`; names in lower case. */
function readHeaders(body: JsonObject): Record<string, string> {
  const headers = body['headers']
  if (!isObject(headers)) return {}
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}

const optionalText = (body: JsonObject, name: string): string | undefined =>
  body[name] === undefined ? undefined : readText(body, name)

/** A page of a log, oldest first: `?after=N` skips N entries, `?limit=N` bounds the answer. */
function page<T>(entries: readonly T[], query: ReadonlyMap<string, string>, dropped = 0): JsonObject {
  const after = Number(query.get('after') ?? 0) || 0
  const limit = Math.min(Number(query.get('limit') ?? 1_000) || 1_000, 10_000)
  return { total: entries.length + dropped, dropped, value: entries.slice(after, after + limit) }
}

export async function handleControl(
  control: Control,
  info: () => JsonObject,
  incoming: Incoming,
): Promise<Outgoing> {
  const [path = '', queryText = ''] = incoming.target.split('?')
  const query = parseQuery(queryText)
  const name = path.replace(/^\/emulator\/?/, '').replace(/\/$/, '')
  try {
    return await route(control, info, incoming, name, query)
  } catch (error) {
    if (error instanceof Refused) return answer({ error: error.message }, 400)
    return answer({ error: error instanceof Error ? error.message : String(error) }, 400)
  }
}

async function route(
  control: Control,
  info: () => JsonObject,
  incoming: Incoming,
  name: string,
  query: ReadonlyMap<string, string>,
): Promise<Outgoing> {
  const { logs, clock, store } = control
  switch (`${incoming.method} ${name}`) {
    case 'GET state':
      return answer({
        ...info(),
        now: new Date(store.now()).toISOString(),
        clockStopped: clock.frozen,
        switches: store.switches,
        mailboxes: [...store.data.mailboxes.values()].map(summary),
      })
    case 'POST seed':
      control.seed(readText(readBody(incoming), 'seed'))
      return answer(info())
    case 'POST snapshot':
      control.snapshot(optionalText(readBody(incoming), 'name'))
      return answer({ done: true })
    case 'POST restore':
      return control.restore(optionalText(readBody(incoming), 'name'))
        ? answer({ done: true })
        : answer({ error: 'There is no snapshot of that name.' }, 404)
    case 'GET faults':
      return answer({ rules: control.faults.rules, injected: control.faults.injected })
    case 'PUT faults':
    case 'POST faults': {
      const body = readBody(incoming)
      control.plan(readRules(body['rules']), optionalText(body, 'seed'))
      return answer({ rules: control.faults.rules })
    }
    case 'DELETE faults':
      control.plan([])
      return answer({ rules: [] })
    case 'GET clock':
      return answer({ now: new Date(store.now()).toISOString(), stopped: clock.frozen })
    case 'POST clock':
      return setClock(control, readBody(incoming))
    case 'GET switches':
      return answer(store.switches)
    case 'PATCH switches':
      return answer(setSwitches(store.switches, readBody(incoming)))
    case 'GET requests':
      return answer(page(logs.requests.entries, query, logs.requests.dropped))
    case 'GET writes':
      return answer(page(logs.writes.entries, query, logs.writes.dropped))
    case 'GET mails':
      return answer(page(logs.mails.entries, query, logs.mails.dropped))
    case 'GET notifications':
      return answer(page(control.notifier.entries, query))
    case 'POST lifecycle': {
      const body = readBody(incoming)
      const event = LIFECYCLE_EVENTS.find((name) => name === readText(body, 'event'))
      if (event === undefined) throw new Refused(`\`event\` must be one of ${LIFECYCLE_EVENTS.join(', ')}.`)
      return control.notifier.lifecycle(readText(body, 'subscription'), event)
        ? answer({ done: true })
        : answer({ error: 'There is no such subscription, or it has no such event.' }, 404)
    }
    case 'GET complaints':
      return answer(page(logs.complaints.entries, query, logs.complaints.dropped))
    case 'DELETE logs':
      logs.clear()
      return answer({ done: true })
    case 'POST act': {
      const body = readBody(incoming)
      const person = control.as(readText(body, 'person'))
      const at = readText(body, 'path')
      switch (readText(body, 'method').toUpperCase()) {
        case 'GET':
          return answer(await person.get(at, readHeaders(body)))
        case 'POST':
          return answer(await person.post(at, body['body']))
        case 'PATCH':
          return answer(await person.patch(at, body['body']))
        case 'DELETE':
          return answer(await person.delete(at))
        default:
          throw new Refused('`method` must be GET, POST, PATCH or DELETE.')
      }
    }
    case 'POST receive': {
      const body = readBody(incoming)
      const mail = body['mail']
      if (!isObject(mail)) throw new Refused('`mail` must be an object with `from` and `subject`.')
      readText(mail, 'from')
      readText(mail, 'subject')
      return answer({ messageId: control.receive(readText(body, 'person'), mail as unknown as OutsideMail) })
    }
    case 'POST evict-tokens':
      control.evictTokens(optionalText(readBody(incoming), 'person'))
      return answer({ done: true })
    case 'POST bump-etags':
      control.bumpEtags(readText(readBody(incoming), 'person'))
      return answer({ done: true })
    case 'POST mailbox': {
      const body = readBody(incoming)
      control.setMailboxGone(readText(body, 'person'), body['gone'] === true)
      return answer({ done: true })
    }
    case 'POST revoke-consent':
      control.revokeConsent(optionalText(readBody(incoming), 'person') ?? null)
      return answer({ done: true })
    case 'POST expire-secrets':
      control.expireSecrets(
        readText(readBody(incoming), 'clientId'),
        optionalText(readBody(incoming), 'secret'),
      )
      return answer({ done: true })
    case 'POST token': {
      const body = readBody(incoming)
      const grants = Array.isArray(body['grants']) ? body['grants'].map(String) : undefined
      return answer({
        token: control.token(readText(body, 'clientId'), optionalText(body, 'person') ?? null, grants),
      })
    }
    default: {
      const found = controlDirectory(store, `${incoming.method} ${name}`, () => readBody(incoming))
      return found === undefined
        ? answer({ error: `The control API has no ${incoming.method} /emulator/${name}.` }, 404)
        : answer(found)
    }
  }
}

function summary(
  mailbox: Control['store'] extends { data: { mailboxes: Map<string, infer M> } } ? M : never,
): JsonObject {
  const count = (collections: Iterable<{ readonly index: ReadonlyMap<string, number> }>): number =>
    [...collections].reduce((sum, collection) => sum + collection.index.size, 0)
  return {
    id: mailbox.person.id,
    userPrincipalName: mailbox.person.userPrincipalName,
    displayName: mailbox.person.displayName,
    shared: mailbox.person.shared,
    gone: mailbox.gone,
    timeZone: mailbox.timeZone,
    calendars: mailbox.calendars.index.size,
    events: count(mailbox.events.values()),
    lists: mailbox.lists.index.size,
    tasks: count(mailbox.tasks.values()),
    messages: count(mailbox.messages.values()),
  }
}

const CLOCK_FIRST = Date.UTC(1980, 0)
const CLOCK_LAST = Date.UTC(2200, 0)

function setClock(control: Control, body: JsonObject): Outgoing {
  const { clock } = control
  if (body['release'] === true) clock.release()
  else if (typeof body['set'] === 'string') {
    const at = Date.parse(body['set'])
    if (!(at >= CLOCK_FIRST && at <= CLOCK_LAST))
      throw new Refused('`set` must be a date and time between 1980 and 2200.')
    clock.set(at)
  } else if (
    typeof body['advanceSeconds'] === 'number' &&
    body['advanceSeconds'] >= 0 &&
    clock.now() + body['advanceSeconds'] * 1000 <= CLOCK_LAST
  )
    clock.advance(body['advanceSeconds'] * 1000)
  else throw new Refused('Send `set`, `advanceSeconds` or `release`.')
  return answer({ now: new Date(clock.now()).toISOString(), stopped: clock.frozen })
}

/** Switches that take a few values only. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  transactionIdRepeatStatus: [200, 201, 409],
  throttleStatus: [429, 503],
  todoCompletion: ['advance-and-copy', 'advance', 'new-task'],
  subscriptionTooLong: ['refuse', 'cut'],
}

function setSwitches(switches: Switches, body: JsonObject): Switches {
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(switches, name)) throw new Refused(`There is no switch '${name}'.`)
    if (typeof value !== typeof switches[name as keyof Switches])
      throw new Refused(`The switch '${name}' takes another type of value.`)
    const choices = CHOICES[name]
    if (choices !== undefined ? !choices.includes(value) : typeof value === 'number' && !(value >= 0))
      throw new Refused(
        `The switch '${name}' takes ${choices === undefined ? 'a number from 0' : choices.join(', ')}.`,
      )
    Object.assign(switches, { [name]: value })
  }
  return switches
}
