import { canonicalZone } from '../../core/zones.ts'
import { z } from 'zod'
import { plainDate } from './contract.ts'

/** The field groups of events and tasks as the API takes and gives them: core/item.ts, with bounds. */
export const TITLE_LENGTH_MAX = 255
export const BODY_LENGTH_MAX = 1_000_000
export const ATTENDEES_MAX = 500
export const STEPS_MAX = 100

export const zone = z.string().min(1).max(64).describe('IANA time zone name')
/** As callers give it. */
export const knownZone = zone.refine((name) => canonicalZone(name) !== null, {
  error: 'Give the name of a time zone, such as Europe/Berlin',
})
export const plainDateTime = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/, 'Give a wall-clock time such as 2027-03-31T14:30:00')
export const emailAddress = z.string().trim().toLowerCase().pipe(z.email().max(254))

export const eventTime = z.union([
  z.strictObject({ allDay: z.literal(true), start: plainDate, end: plainDate.describe('exclusive') }),
  z.strictObject({
    allDay: z.literal(false),
    start: plainDateTime,
    end: plainDateTime,
    zone,
    endZone: zone.exactOptional(),
  }),
])

const weekday = z.enum(['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'])
const days = z.array(weekday).min(1).max(7)
const weekIndex = z.enum(['first', 'second', 'third', 'fourth', 'last'])
const interval = z.number().int().min(1).max(999)
const day = z.number().int().min(1).max(31)
const month = z.number().int().min(1).max(12)

export const recurrence = z.strictObject({
  pattern: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('daily'), interval }),
    z.strictObject({ type: z.literal('weekly'), interval, days, weekStart: weekday }),
    z.strictObject({ type: z.literal('absoluteMonthly'), interval, day }),
    z.strictObject({ type: z.literal('relativeMonthly'), interval, days, index: weekIndex }),
    z.strictObject({ type: z.literal('absoluteYearly'), interval, day, month }),
    z.strictObject({ type: z.literal('relativeYearly'), interval, days, index: weekIndex, month }),
  ]),
  range: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('noEnd'), start: plainDate }),
    z.strictObject({
      type: z.literal('endDate'),
      start: plainDate,
      until: plainDate.describe('inclusive'),
    }),
    z.strictObject({
      type: z.literal('numbered'),
      start: plainDate,
      count: z.number().int().min(1).max(999),
    }),
  ]),
})

export const attendee = z.strictObject({
  email: emailAddress,
  name: z.string().max(255).default(''),
  type: z.enum(['required', 'optional', 'resource']).default('required'),
})
export const answer = z.enum(['none', 'accepted', 'tentative', 'declined'])
export const body = z.strictObject({
  type: z.enum(['text', 'html']),
  content: z.string().max(BODY_LENGTH_MAX),
})
export const person = z.object({ email: z.string(), name: z.string() })
const importance = z.enum(['low', 'normal', 'high'])
const categories = z.array(z.string().trim().min(1).max(255)).max(100)
const title = z.string().trim().min(1, 'Give it a title').max(TITLE_LENGTH_MAX)

/** What may be written of an event. A group left out stays as it is; `null` empties it. */
export const eventChange = z.strictObject({
  subject: title.exactOptional(),
  body: body.nullable().exactOptional(),
  time: eventTime.exactOptional(),
  recurrence: recurrence.nullable().exactOptional(),
  location: z.string().max(1_000).nullable().exactOptional(),
  attendees: z.array(attendee).max(ATTENDEES_MAX).exactOptional(),
  reminder: z
    .number()
    .int()
    .min(0)
    .max(40_320)
    .nullable()
    .exactOptional()
    .describe('minutes before the start'),
  showAs: z.enum(['free', 'tentative', 'busy', 'oof', 'workingElsewhere']).exactOptional(),
  sensitivity: z.enum(['normal', 'personal', 'private', 'confidential']).exactOptional(),
  importance: importance.exactOptional(),
  categories: categories.exactOptional(),
})

export const taskStatus = z.enum(['notStarted', 'inProgress', 'completed', 'waitingOnOthers', 'deferred'])
export const taskReminder = z.strictObject({ at: plainDateTime, zone })
export const step = z.strictObject({
  title: z.string().trim().min(1).max(TITLE_LENGTH_MAX),
  done: z.boolean(),
})

export const taskChange = z.strictObject({
  subject: title.exactOptional(),
  body: body.nullable().exactOptional(),
  start: plainDate.nullable().exactOptional(),
  due: plainDate.nullable().exactOptional(),
  status: taskStatus.exactOptional(),
  importance: importance.exactOptional(),
  reminder: taskReminder.nullable().exactOptional(),
  recurrence: recurrence.nullable().exactOptional(),
  steps: z.array(step).max(STEPS_MAX).exactOptional(),
  categories: categories.exactOptional(),
})

/** How an item stands with Microsoft; `fine` needs no mark. `local`: its calendar or list is not in sync. */
export const syncMark = z.object({
  state: z.enum(['fine', 'waiting', 'held', 'conflict', 'parked', 'local']),
  /** In plain words, when it is not fine. */
  detail: z.string().nullable(),
  mailbox: z.string().nullable(),
  collection: z.string().nullable(),
  provenAt: z.string().nullable(),
  webLink: z.string().nullable(),
})
