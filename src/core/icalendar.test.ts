import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalEvent } from './canonical.ts'
import { readContentLines, writeLine } from './content-lines.ts'
import { readIcalendar } from './icalendar.ts'
import { writeIcalendar } from './icalendar-write.ts'
import { eventFields, type EventFields, type EventTime, type Recurrence } from './item.ts'

const calendar = (...lines: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n')
const vevent = (...lines: string[]): string[] => [
  'BEGIN:VEVENT',
  'UID:u1',
  'SUMMARY:Kick-off',
  ...lines,
  'END:VEVENT',
]
const START = 'DTSTART;TZID=Europe/Berlin:20260302T100000'
const END = 'DTEND;TZID=Europe/Berlin:20260302T103000'
const time: EventTime = {
  allDay: false,
  start: '2026-03-02T10:00:00',
  end: '2026-03-02T10:30:00',
  zone: 'Europe/Berlin',
}

const one = (...lines: string[]): EventFields => {
  const { events, problems } = readIcalendar(calendar(...vevent(...lines)), 'UTC')
  expect(problems).toEqual([])
  const [event] = events
  if (event === undefined) throw new Error('nothing was read')
  return eventFields(event)
}
const reasons = (...lines: string[]): string[] =>
  readIcalendar(calendar(...lines), 'UTC').problems.map((problem) => `${problem.what}: ${problem.reason}`)

describe('[T11] reading iCalendar', () => {
  test('a meeting as Outlook writes it', () => {
    const fields = one(
      START,
      END,
      'DESCRIPTION:First line\\nsecond\\, with comma',
      'LOCATION:Room 1\\; 2nd floor',
      'CLASS:PRIVATE',
      'PRIORITY:1',
      'X-MICROSOFT-CDO-BUSYSTATUS:OOF',
      'CATEGORIES:Red,Blue\\, dark',
      'ORGANIZER;CN="Bowen, Megan":mailto:Megan@Contoso.Example',
      'ATTENDEE;CN=Anna;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED:MAILTO:anna@contoso.example',
      'ATTENDEE;CUTYPE=ROOM:mailto:room@contoso.example',
      'BEGIN:VALARM',
      'TRIGGER:-PT1H30M',
      'END:VALARM',
    )
    expect(fields).toMatchObject({
      subject: 'Kick-off',
      time,
      body: { type: 'text', content: 'First line\nsecond, with comma' },
      location: 'Room 1; 2nd floor',
      sensitivity: 'private',
      importance: 'high',
      showAs: 'oof',
      categories: ['Blue, dark', 'Red'],
      organizer: { email: 'megan@contoso.example', name: 'Bowen, Megan' },
      attendees: [
        { email: 'anna@contoso.example', name: 'Anna', type: 'optional' },
        { email: 'room@contoso.example', name: '', type: 'resource' },
      ],
      answers: { 'anna@contoso.example': 'accepted' },
      reminder: 90,
    })
  })
  test.each<[string, string[], EventTime]>([
    [
      'all-day without an end',
      ['DTSTART;VALUE=DATE:20260302'],
      { allDay: true, start: '2026-03-02', end: '2026-03-03' },
    ],
    ['a duration', [START, 'DURATION:PT45M'], { ...time, end: '2026-03-02T10:45:00' }],
    ['no end at all', [START], { ...time, end: '2026-03-02T10:00:00' }],
    ['UTC', ['DTSTART:20260302T100000Z', 'DTEND:20260302T103000Z'], { ...time, zone: 'UTC' }],
    [
      'another zone at the end',
      [START, 'DTEND;TZID=America/New_York:20260302T103000'],
      { ...time, endZone: 'America/New_York' },
    ],
    [
      'a Windows zone',
      [
        'DTSTART;TZID="W. Europe Standard Time":20260302T100000',
        'DTEND;TZID="W. Europe Standard Time":20260302T103000',
      ],
      time,
    ],
    [
      'a path that ends in a zone',
      ['DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20260302T100000', END],
      time,
    ],
    ['a time without a zone', ['DTSTART:20260302T100000', 'DURATION:PT30M'], { ...time, zone: 'UTC' }],
  ])('%s', (_, lines, expected) => expect(one(...lines).time).toEqual(expected))

  test('a series with exceptions and cancelled dates is one event', () => {
    const text = calendar(
      ...vevent(
        START,
        END,
        'RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10',
        'EXDATE;TZID=Europe/Berlin:20260309T100000',
        'EXDATE:20260330T080000Z',
      ),
      ...vevent(
        'RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000',
        'DTSTART;TZID=Europe/Berlin:20260317T110000',
        'DTEND;TZID=Europe/Berlin:20260317T113000',
      ),
      ...vevent('RECURRENCE-ID;TZID=Europe/Berlin:20260318T100000', START, END),
    )
    const { events, problems } = readIcalendar(text, 'UTC')
    expect(events).toHaveLength(1)
    expect(Object.keys(events[0]?.fields ?? {}).filter((key) => key.startsWith('occ'))).toEqual([
      'occurrence/2026-03-09/cancelled',
      'occurrence/2026-03-16/time',
      'occurrence/2026-03-30/cancelled',
    ])
    expect(problems).toMatchObject([
      { what: 'Kick-off', reason: expect.stringContaining('no date of the series') },
    ])
  })

  test.each<[string, string[], RegExp]>([
    [
      'a rule without a pattern',
      vevent(START, END, 'RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15'),
      /Kick-off: .*one day of the month/,
    ],
    ['dates beside the rule', vevent(START, END, 'RDATE:20260401T100000Z'), /single dates/],
    ['a zone that nobody knows', vevent('DTSTART;TZID=Nowhere:20260302T100000', END), /Nowhere/],
    ['a start that is none', vevent('DTSTART:tomorrow'), /"tomorrow" is no date/],
    ['no start', vevent(), /no start/],
    ['an end before the start', vevent(START, 'DTEND;TZID=Europe/Berlin:20260302T090000'), /before/],
    [
      'a first date that does not fit',
      vevent(START, END, 'RRULE:FREQ=WEEKLY;BYDAY=FR'),
      /does not fit its own rule/,
    ],
    [
      'an occurrence without its series',
      vevent('RECURRENCE-ID:20260302T100000Z', START, END),
      /not in the file/,
    ],
    ['an end without a beginning', ['END:VEVENT'], /never began/],
    ['a line without a value', ['nonsense'], /no name and value/],
  ])('%s is reported, and nothing is made of it', (_, lines, words) => {
    expect(reasons(...lines).join('\n')).toMatch(words)
    expect(readIcalendar(calendar(...lines), 'UTC').events).toEqual([])
  })
  test('a good event beside a bad one is read', () => {
    const text = calendar(
      ...vevent('DTSTART:tomorrow'),
      'BEGIN:VEVENT',
      'UID:u2',
      'SUMMARY:Good',
      START,
      END,
      'END:VEVENT',
    )
    expect(readIcalendar(text, 'UTC').events.map((event) => event.fields['subject'])).toEqual(['Good'])
  })
  test('a file that was cut off says so', () => {
    expect(
      readIcalendar('BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1', 'UTC')
        .problems.map((one) => one.reason)
        .join(),
    ).toContain('cut off')
    expect(readIcalendar('', 'UTC').problems).toHaveLength(1)
  })
})

test('[T11] whatever the file holds, it is answered', () => {
  const words = [
    'BEGIN:VCALENDAR',
    'END:VCALENDAR',
    'BEGIN:VEVENT',
    'END:VEVENT',
    'UID:1',
    START,
    END,
    'RRULE:FREQ=DAILY',
    'EXDATE:x',
    'RECURRENCE-ID:20260302',
    'DTSTART;TZID="',
    ' folded',
    ':',
    ';=:',
    'ATTENDEE:mailto:',
    'DURATION:P',
    'TRIGGER:-P',
  ]
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string())), (lines) => {
      const { events, problems } = readIcalendar(lines.join('\r\n'), 'Europe/Berlin')
      expect(events.length + problems.length).toBeGreaterThan(0)
    }),
    { numRuns: 500 },
  )
})

const anyText = fc.string({ unit: 'grapheme', maxLength: 120 })
const anyTime: fc.Arbitrary<EventTime> = fc.oneof(
  fc.constant<EventTime>({ allDay: true, start: '2026-03-02', end: '2026-03-04' }),
  fc.constantFrom('Europe/Berlin', 'America/New_York', 'UTC').map((zone) => ({ ...time, zone })),
)
const anyRecurrence: fc.Arbitrary<Recurrence | null> = fc.constantFrom<Recurrence | null>(
  null,
  {
    pattern: { type: 'weekly', interval: 2, days: ['monday', 'friday'], weekStart: 'monday' },
    range: { type: 'noEnd', start: '2026-03-02' },
  },
  {
    pattern: { type: 'absoluteMonthly', interval: 1, day: 31 },
    range: { type: 'numbered', start: '2026-03-31', count: 9 },
  },
  {
    pattern: { type: 'relativeMonthly', interval: 1, days: ['monday'], index: 'first' },
    range: { type: 'endDate', start: '2026-03-02', until: '2026-12-07' },
  },
)

test('[T11] what is written is read back the same', () => {
  fc.assert(
    fc.property(
      anyText,
      anyText,
      anyText,
      anyTime,
      anyRecurrence,
      fc.boolean(),
      (subject, description, name, at, recurrence, cancelFirst) => {
        const first = recurrence?.range.start ?? '2026-03-02'
        const answer = canonicalEvent(
          {
            subject,
            body: { type: 'text', content: description },
            location: name,
            time: at.allDay
              ? { ...at, start: first, end: first }
              : { ...at, start: `${first}T10:00:00`, end: `${first}T10:30:00` },
            recurrence,
            attendees: [{ email: 'a@example.com', name, type: 'optional' }],
            categories: [name],
            reminder: 15,
            showAs: 'oof',
            sensitivity: 'private',
          },
          recurrence === null
            ? {}
            : { occurrences: { [first]: cancelFirst ? { cancelled: true } : { subject: 'Other' } } },
        )
        if (!answer.ok) throw new Error(answer.reason)
        const text = writeIcalendar({
          events: [{ uid: 'u-1', item: answer.item }],
          now: 0,
          productId: '-//Syncline//EN',
        })
        for (const line of text.split('\r\n')) expect([...line].length).toBeLessThanOrEqual(75)
        const { events, problems } = readIcalendar(text, 'UTC')
        expect(problems).toEqual([])
        const { answers: _a, body: _b, ...fields } = answer.item.fields
        expect(events[0]?.fields).toMatchObject(fields)
        expect(eventFields(events[0] ?? { fields: {} }).body).toEqual(answer.item.fields['body'])
        expect(Object.keys(events[0]?.fields ?? {})).toEqual(Object.keys(answer.item.fields))
      },
    ),
    { numRuns: 300 },
  )
})

test('[T11] nothing that a person types can end a line or begin another', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = writeLine('X', text, { CN: text })
      expect(line.endsWith('\r\n')).toBe(true)
      expect(line.slice(0, -2).replaceAll('\r\n ', '')).not.toMatch(/[\r\n]/)
      expect(readContentLines(line, (_, reason) => expect(reason).toBe(''))).toHaveLength(1)
    }),
  )
})
