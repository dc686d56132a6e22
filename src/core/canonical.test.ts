import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalEmail,
  canonicalEvent,
  canonicalGroup,
  canonicalMessage,
  canonicalPatch,
  canonicalTask,
  groupsOf,
} from './canonical.ts'
import type { CollectionId } from './ids.ts'
import { asId } from './ids.ts'
import {
  eventFields,
  type EventFields,
  type EventTime,
  type Item,
  type Json,
  type Recurrence,
} from './item.ts'
import { matchKeys } from './match.ts'
import { inWindow } from './period.ts'
import { isPrivate, redactPrivate } from './privacy.ts'
import { sameValue } from './same.ts'
import { hash, stableJson } from './stable-json.ts'

const time: EventTime = {
  allDay: false,
  start: '2026-03-02T10:00:00',
  end: '2026-03-02T10:30:00',
  zone: 'Europe/Berlin',
}
const weekly: Recurrence = {
  pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'sunday' },
  range: { type: 'endDate', start: '2026-03-02', until: '2026-12-18' },
}
const event = (fields: Partial<EventFields> = {}, rest: Parameters<typeof canonicalEvent>[1] = {}): Item => {
  const answer = canonicalEvent({ subject: 'Kick-off', time, ...fields }, rest)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.item
}
const reason = (answer: { ok: boolean; reason?: string }): string =>
  answer.ok ? 'taken' : (answer.reason ?? '')
const json = (value: unknown): Json => value as Json

describe('[C1] one form', () => {
  test('every group is there; order, case and doubles do not matter', () => {
    const a = event({
      attendees: [
        { email: 'Zoe@Example.com', name: 'Zoe', type: 'optional' },
        { email: 'anna@contoso.example', name: 'anna@contoso.example', type: 'required' },
        { email: 'zoe@example.com', name: 'Zoe', type: 'required' },
        { email: 'no address', name: 'x', type: 'required' },
      ],
      categories: ['b', 'A', 'B ', ''],
    })
    expect(Object.keys(a.fields)).toEqual(groupsOf('event'))
    expect(eventFields(a)).toMatchObject({
      attendees: [
        { email: 'anna@contoso.example', name: '', type: 'required' },
        { email: 'zoe@example.com', name: 'Zoe', type: 'required' },
      ],
      categories: ['A', 'b'],
      body: null,
      location: null,
      showAs: 'busy',
      answers: {},
    })
  })
  test('what is canonical stays as it is', () => {
    const once = event({
      body: { type: 'html', content: '<p>x</p>' },
      recurrence: weekly,
      location: ' Room  1 ',
    })
    const twice = canonicalEvent(eventFields(once), { facts: once.facts })
    expect(twice).toEqual({ ok: true, item: once })
  })
  test('of a pattern only what its type has is kept', () => {
    const filled = {
      pattern: { type: 'weekly', interval: 1, month: 0, day: 0, days: ['friday', 'monday'], index: 'first' },
      range: { type: 'noEnd', start: '2026-03-02', until: '0001-01-01', count: 0 },
    }
    expect(canonicalGroup('event', 'recurrence', json(filled))).toEqual({
      ok: true,
      value: {
        pattern: { type: 'weekly', interval: 1, days: ['monday', 'friday'], weekStart: 'sunday' },
        range: { type: 'noEnd', start: '2026-03-02' },
      },
    })
  })
  test('a series begins where its pattern first fits', () => {
    const item = event({
      time: { ...time, start: '2026-02-28T10:00:00', end: '2026-02-28T10:30:00' },
      recurrence: weekly,
    })
    expect(eventFields(item)).toMatchObject({ time, recurrence: { range: { start: '2026-03-02' } } })
  })
  test('an all-day event lasts a day at least', () => {
    const item = event({ time: { allDay: true, start: '2026-03-02', end: '2026-03-02' } })
    expect(eventFields(item).time).toEqual({ allDay: true, start: '2026-03-02', end: '2026-03-03' })
  })
  test('zones have one spelling, and the end none of its own when it is the same', () => {
    const item = event({ time: { ...time, zone: 'europe/kyiv', endZone: 'Europe/Kiev' } })
    expect(eventFields(item).time).toEqual({ ...time, zone: 'Europe/Kiev' })
  })
})

describe('[C2] occurrences', () => {
  test('have only what is their own', () => {
    const item = event(
      { recurrence: weekly, location: 'Room 1' },
      {
        occurrences: {
          '2026-03-09': {
            subject: 'Kick-off',
            location: 'Room 2',
            time: { ...time, start: '2026-03-09T10:00:00', end: '2026-03-09T10:30:00' },
          },
          '2026-03-16': { cancelled: true, subject: 'gone' },
          '2026-03-23': {
            time: { ...time, start: '2026-03-24T10:00:00', end: '2026-03-24T10:30:00' },
            cancelled: false,
            recurrence: null,
          },
        },
        occurrencesReported: { from: '2026-03-01', to: '2026-04-01' },
      },
    )
    expect(Object.keys(item.fields).filter((group) => group.startsWith('occurrence/'))).toEqual([
      'occurrence/2026-03-09/location',
      'occurrence/2026-03-16/cancelled',
      'occurrence/2026-03-23/time',
    ])
    expect(item.occurrencesReported).toEqual({ from: '2026-03-01', to: '2026-04-01' })
  })
  test('may be patched one by one, but not with what only a series has', () => {
    expect(canonicalPatch('event', { 'occurrence/2026-03-09/location': ' Room 2 ' })).toEqual({
      ok: true,
      fields: { 'occurrence/2026-03-09/location': 'Room 2' },
    })
    expect(canonicalPatch('event', { 'occurrence/2026-03-09/recurrence': null }).ok).toBe(false)
    expect(canonicalPatch('event', { 'occurrence/2026-02-30/location': 'x' }).ok).toBe(false)
    expect(canonicalPatch('task', { 'occurrence/2026-03-09/subject': 'x' }).ok).toBe(false)
  })
})

describe('[C8] what cannot be understood is said, and never thrown', () => {
  test.each<[string, Partial<Record<keyof EventFields, unknown>>, RegExp]>([
    ['no time', { time: null }, /time/],
    ['no day', { time: { ...time, start: '2026-02-30T10:00:00' } }, /2026-02-30/],
    ['before', { time: { ...time, end: '2026-03-02T09:00:00' } }, /before/],
    ['zone', { time: { ...time, zone: 'Europe/Atlantis' } }, /Europe\/Atlantis/],
    ['all-day times', { time: { ...time, allDay: true } }, /no date/],
    ['too long', { body: { type: 'text', content: 'x'.repeat(1_000_001) } }, /1000001/],
    [
      'too many',
      { attendees: Array.from({ length: 501 }, (_, i) => ({ email: `a${i}@example.com` })) },
      /501/,
    ],
    [
      'pattern',
      {
        recurrence: {
          pattern: { type: 'hourly', interval: 1 },
          range: { type: 'noEnd', start: '2026-03-02' },
        },
      },
      /hourly/,
    ],
    ['interval', { recurrence: { ...weekly, pattern: { ...weekly.pattern, interval: 0 } } }, /interval/],
    ['range', { recurrence: { ...weekly, range: { type: 'never', start: '2026-03-02' } } }, /ends/],
    ['show as', { showAs: 'asleep' }, /asleep/],
    ['unknown group', { colour: 'red' } as object, /colour/],
    ['own prototype', { constructor: 'red' } as object, /constructor/],
  ])('%s', (_, fields, words) => {
    const answer = canonicalEvent({ subject: 'x', time, ...fields } as Partial<EventFields>)
    expect(reason(answer)).toMatch(words)
  })
  test('whatever is handed in', () => {
    fc.assert(
      fc.property(fc.constantFrom(...groupsOf('event')), fc.jsonValue(), (group, value) => {
        const answer = canonicalGroup('event', group, json(value))
        if (!answer.ok) expect(answer.reason).toMatch(/\.$/)
        else expect(canonicalGroup('event', group, answer.value)).toEqual(answer)
      }),
      { numRuns: 1000 },
    )
  })
  test('a message lies somewhere, a task needs nothing', () => {
    const folder = asId<CollectionId>('c1')
    expect(canonicalMessage({ folder, to: [{ email: 'B@example.com', name: '' }] })).toMatchObject({
      ok: true,
      item: {
        kind: 'message',
        fields: { to: [{ email: 'b@example.com', name: '' }], flag: 'notFlagged', read: false },
      },
    })
    const long = { type: 'text' as const, content: 'x'.repeat(1_000_001) }
    expect(canonicalMessage({ folder, body: long }).ok).toBe(true)
    expect(canonicalTask({ body: long }).ok).toBe(false)
    expect(canonicalMessage({ folder: asId<CollectionId>('') }).ok).toBe(false)
    expect(canonicalTask({ due: '2026-03-02' })).toMatchObject({
      ok: true,
      item: { fields: { status: 'notStarted', steps: [], due: '2026-03-02' } },
    })
    expect(reason(canonicalTask({ due: '2026-03-02T00:00:00' }))).toContain('no date')
  })
})

describe('[C4] the same to a person', () => {
  test.each<[string, unknown, unknown, boolean]>([
    ['subject', 'Kick-off', 'Kick-off', true],
    ['subject', 'Kick-off', 'Kick-Off', false],
    ['time', time, { ...time, zone: 'Europe/Vienna' }, true],
    ['time', time, { ...time, zone: 'Europe/London' }, false],
    ['time', time, { ...time, end: '2026-03-02T11:00:00' }, false],
    ['time', { allDay: true, start: '2026-03-02', end: '2026-03-03' }, time, false],
    ['occurrence/2026-03-02/time', time, { ...time, zone: 'Europe/Vienna' }, true],
    ['occurrence/2026-03-02/time', undefined, time, false],
    ['body', null, { type: 'html', content: '<p>&nbsp;</p>' }, true],
    ['body', { type: 'text', content: 'a' }, { type: 'html', content: '<p>a</p>' }, true],
    ['location', null, 'Room', false],
    ['location', undefined, null, false],
    [
      'attendees',
      [{ email: 'a@example.com', name: 'A', type: 'required' }],
      [{ email: 'a@example.com', name: 'Anna', type: 'required' }],
      true,
    ],
    [
      'attendees',
      [{ email: 'a@example.com', name: 'A', type: 'required' }],
      [{ email: 'a@example.com', name: 'A', type: 'optional' }],
      false,
    ],
    [
      'to',
      [
        { email: 'a@example.com', name: '' },
        { email: 'b@example.com', name: '' },
      ],
      [
        { email: 'b@example.com', name: '' },
        { email: 'a@example.com', name: '' },
      ],
      true,
    ],
    ['reminder', 15, 15, true],
    ['reminder', 15, 30, false],
    [
      'reminder',
      { at: '2026-03-02T10:00:00', zone: 'Europe/Berlin' },
      { at: '2026-03-02T10:00:00', zone: 'Europe/Vienna' },
      true,
    ],
    ['recurrence', weekly, { ...weekly, range: { ...weekly.range, until: '2026-12-14' } }, true],
    ['recurrence', weekly, { ...weekly, range: { ...weekly.range, until: '2026-12-21' } }, false],
    ['recurrence', weekly, { ...weekly, pattern: { ...weekly.pattern, weekStart: 'monday' } }, true],
    ['recurrence', weekly, null, false],
    ['answers', { 'a@example.com': 'accepted' }, { 'a@example.com': 'accepted' }, true],
    ['categories', ['A'], ['A', 'B'], false],
  ])('%s: %j and %j: %s', (group, a, b, expected) => {
    expect(sameValue(group, json(a), json(b))).toBe(expected)
    expect(sameValue(group, json(b), json(a))).toBe(expected)
  })
})

describe('[C9] JSON and hash', () => {
  test('do not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse())
        expect(stableJson(json(turned))).toBe(stableJson(json(object)))
        expect(JSON.parse(stableJson(json(object)))).toEqual(JSON.parse(JSON.stringify(object)))
      }),
    )
  })
  test('differ when values do', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 20_000; i++) seen.add(hash(stableJson({ subject: `Meeting ${i}` })))
    expect(seen.size).toBe(20_000)
    expect(hash('')).toMatch(/^[0-9a-f]{14}$/)
  })
})

describe('[C3] keys to be recognised by', () => {
  const keys = (item: Item) => matchKeys(item.kind, item)
  test('an event: its iCalUId, then title and time, whatever the zone it was written in', () => {
    const berlin = event({ subject: ' Kick-off  meeting\u200b' }, { facts: { iCalUId: '04000000AB' } })
    const utc = event({
      subject: 'kick-off MEETING',
      time: { ...time, start: '2026-03-02T09:00:00', end: '2026-03-02T09:30:00', zone: 'UTC' },
    })
    expect(keys(berlin)).toHaveLength(2)
    expect(keys(berlin)[0]).toContain('04000000AB')
    expect(keys(utc)).toEqual(keys(berlin).slice(1))
  })
  test('an all-day event is not a timed one of the same day; a busy block is recognised by its id alone', () => {
    const day = event({ time: { allDay: true, start: '2026-03-02', end: '2026-03-03' } })
    const long = event({
      time: { ...time, start: '2026-03-02T00:00:00', end: '2026-03-03T00:00:00', zone: 'UTC' },
    })
    expect(keys(day)).not.toEqual(keys(long))
    const hidden = redactPrivate(event({ sensitivity: 'private' }, { facts: { iCalUId: 'u' } }), 'busy')
    expect(hidden === null ? [] : keys(hidden)).toHaveLength(1)
  })
  test('a task: title and due date; a message: its id', () => {
    const task = (subject: string, due: string | null) => canonicalTask({ subject, due })
    const [a, b, c] = [
      task('Call Anna', '2026-03-02'),
      task('call  anna', '2026-03-02'),
      task('Call Anna', null),
    ]
    const message = canonicalMessage(
      { folder: asId<CollectionId>('c') },
      { facts: { internetMessageId: '<A@x.example>' } },
    )
    if (!a.ok || !b.ok || !c.ok || !message.ok) throw new Error('not canonical')
    expect(keys(a.item)).toEqual(keys(b.item))
    expect(keys(a.item)).not.toEqual(keys(c.item))
    expect(keys(message.item).join()).toContain('<A@x.example>')
  })
})

describe('[C10] private events', () => {
  const dentist = event(
    {
      subject: 'Dentist',
      sensitivity: 'private',
      body: { type: 'text', content: 'tooth' },
      location: 'Main street',
      attendees: [{ email: 'doc@example.com', name: 'Doc', type: 'required' }],
      categories: ['Health'],
      recurrence: weekly,
      showAs: 'oof',
    },
    {
      facts: { iCalUId: 'u1', webLink: 'https://outlook.example/dentist' },
      occurrences: { '2026-03-09': { subject: 'Dentist again' }, '2026-03-16': { cancelled: true } },
    },
  )
  test('are a block of time and nothing else', () => {
    const shown = redactPrivate(dentist, 'busy')
    const all = JSON.stringify(shown)
    for (const secret of ['entist', 'tooth', 'Main', 'doc@', 'Health', 'outlook.example'])
      expect(all).not.toContain(secret)
    expect(shown?.fields).toMatchObject({
      subject: 'Private',
      time,
      showAs: 'oof',
      'occurrence/2026-03-16/cancelled': true,
    })
    expect(shown?.facts.redacted).toContain('body')
  })
  test('are skipped or shown as the setting says', () => {
    expect(redactPrivate(dentist, 'skip')).toBeNull()
    expect(redactPrivate(dentist, 'full')).toBe(dentist)
    expect(redactPrivate(event(), 'busy')).toEqual(event())
  })
  test('one private occurrence makes the series private', () => {
    const series = event(
      { recurrence: weekly },
      { occurrences: { '2026-03-09': { sensitivity: 'private', subject: 'x' } } },
    )
    expect(isPrivate(series)).toBe(true)
    expect(redactPrivate(series, 'busy')?.fields).not.toHaveProperty('occurrence/2026-03-09/subject')
  })
  test('look alike whatever they held', () => {
    const other = event({ sensitivity: 'private', recurrence: weekly, showAs: 'oof' })
    const bare = redactPrivate(dentist, 'busy')
    expect(redactPrivate(other, 'busy')?.facts.redacted).toEqual(bare?.facts.redacted)
    expect(redactPrivate(other, 'busy')?.fields['subject']).toBe(bare?.fields['subject'])
  })
})

test('[T8] the period is days, and tasks have none', () => {
  expect(inWindow(event(), '2026-03-02', '2026-03-02')).toBe(true)
  expect(inWindow(event(), '2026-03-03', '2026-04-02')).toBe(false)
  expect(inWindow(event({ recurrence: weekly }), '2026-12-19', '2027-12-02')).toBe(false)
  const task = canonicalTask({ due: '1999-01-01' })
  const message = canonicalMessage({ folder: asId<CollectionId>('c'), receivedAt: 0 })
  if (!task.ok || !message.ok) throw new Error('not canonical')
  expect(inWindow(task.item, '2026-03-02', '2026-03-02')).toBe(true)
  expect(inWindow(message.item, '1970-01-01', '1970-01-01')).toBe(true)
  expect(inWindow(message.item, '1970-01-02', '1970-01-03')).toBe(false)
})

test('[C1] addresses have one spelling', () => {
  expect(canonicalEmail(' MAILTO:Anna@Contoso.Example ')).toBe('anna@contoso.example')
  expect(canonicalEmail('/o=ExchangeLabs/ou=x')).toBe('')
})
