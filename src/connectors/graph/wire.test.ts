import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventFields, type Recurrence, type Weekday } from '../../core/item.ts'
import { recurrenceProblem } from '../../core/recurrence.ts'
import { dateOfDay } from '../../core/time.ts'
import { failureOf, problemOf, type Answered, type JsonObject } from './answers.ts'
import { parseEvent, parseOccurrence } from './calendar-wire.ts'
import { recurrenceBody, recurrenceOf } from './recurrence-wire.ts'
import { assemble, gatherNothing, seriesItem } from './series.ts'
import { parseTask } from './tasks-wire.ts'

const FIXTURES = join(import.meta.dirname, '../../../fixtures/graph')
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), 'utf8')) as JsonObject
const rows = (name: string): readonly JsonObject[] => fixture(name)['value'] as readonly JsonObject[]

describe('events', () => {
  test('a series is put together from what a window lists, in any order', () => {
    const gathered = gatherNothing()
    for (const raw of rows('calendar-view-delta-series')) {
      if (raw['subject'] === undefined) {
        const occurrence = parseOccurrence(raw)
        if (occurrence.ok) gathered.occurrences.set(occurrence.value.id, occurrence.value)
        continue
      }
      const event = parseEvent(raw, 'Europe/Berlin')
      if (!event.ok) throw new Error(event.reason)
      if (event.value.type === 'seriesMaster') gathered.master = event.value
      else gathered.exceptions.set(event.value.id, event.value)
    }
    const assembled = assemble(gathered, { from: '2026-03-20', to: '2026-04-15' }, 'Europe/Berlin')
    expect(assembled.kind).toBe('gaps')
    const item = assembled.kind === 'ask' ? null : seriesItem(assembled.series)
    expect(item).toMatchObject({
      ok: true,
      item: {
        occurrencesReported: { from: '2026-03-23', to: '2026-04-13' },
        fields: {
          time: { start: '2026-03-02T09:00:00', zone: 'Europe/Berlin' },
          recurrence: { range: { type: 'endDate', start: '2026-03-02', until: '2026-05-04' } },
          'occurrence/2026-03-30/subject': 'Stand-up with the board',
          'occurrence/2026-03-30/time': { start: '2026-03-31T10:00:00' },
          'occurrence/2026-04-06/cancelled': true,
        },
      },
    })
    // The last slot of the window was moved out of it, or taken out: that is a question.
    gathered.occurrences.delete('occurrence-2026-04-13')
    expect(assemble(gathered, { from: '2026-03-20', to: '2026-04-15' }, 'Europe/Berlin').kind).toBe('ask')
  })

  test('an all-day meeting of somebody else', () => {
    const read = parseEvent(fixture('event-all-day'), 'Europe/Berlin')
    expect(read.ok && read.value.fields).toMatchObject({
      time: { allDay: true, start: '2026-10-24', end: '2026-10-27' },
      answer: 'tentative',
      attendees: [
        { email: 'anna.lindqvist@contoso.example', name: '', type: 'required' },
        { email: 'ben.okafor@contoso.example', name: 'Ben Okafor', type: 'optional' },
      ],
      answers: { 'anna.lindqvist@contoso.example': 'none', 'ben.okafor@contoso.example': 'declined' },
    })
  })

  test('a zone without a name: a single event keeps its instants, a series is not guessed', () => {
    const single = parseEvent(fixture('event-custom-zone'), 'Europe/Berlin')
    expect(single.ok && eventFields(single.value.item)).toMatchObject({
      body: null,
      time: { start: '2026-07-01T12:00:00', end: '2026-07-01T13:00:00', zone: 'Europe/Berlin' },
    })
    const series = parseEvent(fixture('series-custom-zone'), 'Europe/Berlin')
    expect(series).toMatchObject({ ok: false, reason: expect.stringMatching(/time zone of its own making/) })
  })

  test('[I19] what cannot be understood is a value with its reason', () => {
    expect(parseEvent(fixture('event-malformed'), 'UTC')).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/not known here \(lunar\)/),
    })
  })

  test('[I19] no JSON whatsoever makes the readers throw', () => {
    const master = rows('calendar-view-delta-series')[2] ?? {}
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(master)), fc.jsonValue()), (spoilt) => {
        parseEvent({ ...master, ...spoilt }, 'Europe/Berlin')
        parseTask({ ...(rows('todo-dates')[2] ?? {}), ...spoilt }, 'Europe/Berlin')
      }),
      { numRuns: 300 },
    )
  })
})

test('[pain 18] a due date is the date that was meant, whoever’s midnight was stored', () => {
  const tasks = rows('todo-dates').map((raw) => parseTask(raw, 'Asia/Calcutta'))
  expect(tasks.map((read) => read.ok && read.value.item.fields['due'])).toEqual(Array(3).fill('2026-09-30'))
  expect(tasks[2]).toMatchObject({
    ok: true,
    value: {
      item: {
        fields: {
          completed: '2026-09-29',
          reminder: { at: '2026-09-29T09:00:00', zone: 'Asia/Calcutta' },
          steps: [
            { title: 'first', done: false },
            { title: 'second', done: true },
          ],
        },
        facts: { marker: 'ours' },
      },
    },
  })
})

describe('recurrence', () => {
  const weekday = fc.constantFrom<Weekday>(
    'sunday',
    'monday',
    'tuesday',
    'wednesday',
    'thursday',
    'friday',
    'saturday',
  )
  const days = fc.uniqueArray(weekday, { minLength: 1, maxLength: 7 })
  const index = fc.constantFrom('first', 'second', 'third', 'fourth', 'last')
  const interval = fc.integer({ min: 1, max: 99 })
  const day = fc.integer({ min: 1, max: 31 })
  const month = fc.integer({ min: 1, max: 12 })
  const date = fc.integer({ min: 18_000, max: 30_000 }).map(dateOfDay)
  const pattern = fc.oneof(
    fc.record({ type: fc.constant('daily'), interval }),
    fc.record({ type: fc.constant('weekly'), interval, days, weekStart: weekday }),
    fc.record({ type: fc.constant('absoluteMonthly'), interval, day }),
    fc.record({ type: fc.constant('relativeMonthly'), interval, days, index }),
    fc.record({ type: fc.constant('absoluteYearly'), interval, day, month }),
    fc.record({ type: fc.constant('relativeYearly'), interval, days, index, month }),
  )
  const range = fc.oneof(
    fc.record({ type: fc.constant('noEnd'), start: date }),
    fc.record({ type: fc.constant('numbered'), start: date, count: fc.integer({ min: 1, max: 999 }) }),
    fc.tuple(date, date).map(([a, b]) => ({ type: 'endDate', start: a < b ? a : b, until: a < b ? b : a })),
  )

  test('what is written reads back the same, and holds only what its type has', () => {
    fc.assert(
      fc.property(fc.record({ pattern, range }), (made) => {
        const recurrence = made as unknown as Recurrence
        fc.pre(recurrenceProblem(recurrence) === null)
        const body = recurrenceBody(recurrence, 'UTC') as unknown as JsonObject
        const read = recurrenceOf({ recurrence: body })
        const sorted = (one: Recurrence | null): string =>
          JSON.stringify(one, (_, value: unknown) => (Array.isArray(value) ? [...value].sort() : value))
        expect(JSON.parse(sorted(read))).toEqual(JSON.parse(sorted(recurrence)))
        const names = Object.keys(body['pattern'] as JsonObject)
        expect(names.includes('dayOfMonth')).toBe('day' in recurrence.pattern)
        expect(names.includes('index')).toBe('index' in recurrence.pattern)
      }),
      { numRuns: 200 },
    )
  })
})

describe('errors', () => {
  const answered = (status: number, body: unknown): Answered => ({
    kind: 'answered',
    status,
    body,
    header: () => null,
  })

  test('the code and the request are told, under either spelling', () => {
    expect(problemOf(answered(429, fixture('error-throttled')))).toMatchObject({
      code: 'ApplicationThrottled',
      requestId: '11111111-2222-3333-4444-555555555555',
    })
    expect(failureOf(answered(410, fixture('error-cursor-forgotten')))).toMatchObject({
      kind: 'cursor-expired',
    })
  })

  test('each class of refusal says who must do what', () => {
    const refused = (status: number, code: string) =>
      failureOf(answered(status, { error: { code, message: 'text' } }))
    expect(refused(403, 'ErrorAccessDenied')).toMatchObject({
      kind: 'unauthorized',
      message: expect.stringMatching(/administrator/),
    })
    expect(refused(404, 'MailboxNotEnabledForRESTAPI')).toMatchObject({
      kind: 'unauthorized',
      message: expect.stringMatching(/licence/),
    })
    expect(refused(400, 'resyncRequired')).toMatchObject({ kind: 'cursor-expired' })
    expect(refused(400, 'ErrorInvalidRequest')).toMatchObject({ kind: 'rejected', status: 400 })
  })
})

test('every sample is told of in the table, and the table tells of no other', () => {
  const table = readFileSync(join(FIXTURES, 'README.md'), 'utf8')
  const told = [...table.matchAll(/`([\w-]+[.]json)`/g)].map(([, name]) => name)
  expect(told.sort()).toEqual(readdirSync(FIXTURES).filter((name) => name.endsWith('.json')))
})
