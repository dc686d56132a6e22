/** Calendars and calendar groups. Source: "calendar resource type". */
import type { Answer, Call } from './call.ts'
import { find, items, type Collection } from './collection.ts'
import { badRequest, GraphError, itemNotFound, malformedId } from './errors.ts'
import { refuseUnknown, type CalendarGroupRow, type CalendarRow } from './event-model.ts'
import { defaultCalendar, dropEvents, eventsOf } from './event-store.ts'
import { changeKey, containerId, etag, keyOfId } from './ids.ts'
import { member, mergeExtended, parseExtended, text, type JsonObject } from './item-parts.ts'
import {
  answerCount,
  answerList,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  noContent,
  select,
  selected,
  selectText,
} from './odata.ts'
import { CALENDAR_READ, CALENDAR_READ_FULL, CALENDAR_WRITE } from './permissions.ts'
import type { Route } from './router.ts'
import { getSchedule, reminderView } from './schedule.ts'
import type { Item } from './collection.ts'
import type { Mailbox, Store } from './state.ts'

/** One way to name a calendar in a path. */
export interface CalendarPath {
  readonly path: string
  /** Ids in the path before those of what is below the calendar. */
  readonly ids: number
}

/** The mailbox itself, its default calendar, a calendar, a calendar of a group. */
export const CALENDAR_PATHS: readonly CalendarPath[] = [
  { path: '/users/{user}', ids: 0 },
  { path: '/users/{user}/calendar', ids: 0 },
  { path: '/users/{user}/calendars/{calendar}', ids: 1 },
  { path: '/users/{user}/calendarGroups/{group}/calendars/{calendar}', ids: 2 },
]

const COLORS = [
  'auto',
  'lightBlue',
  'lightGreen',
  'lightOrange',
  'lightGray',
  'lightYellow',
  'lightTeal',
  'lightPink',
  'lightBrown',
  'lightRed',
  'maxColor',
] as const
const MY_CALENDARS = '0006f0b7-0000-0000-c000-000000000046'

function byId<T extends Item>(mailbox: Mailbox, collection: Collection<T>, id: string): T {
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const row = find(collection, key)
  if (row === undefined || containerId(mailbox, key) !== id) throw itemNotFound()
  return row
}

export function calendarFrom(call: Call, path: CalendarPath): CalendarRow {
  if (path.ids === 0) return defaultCalendar(call.mailbox)
  const row = byId(call.mailbox, call.mailbox.calendars, call.id(path.ids - 1))
  if (path.ids === 2 && row.group !== byId(call.mailbox, call.mailbox.calendarGroups, call.id(0)).key)
    throw itemNotFound()
  return row
}

export function addCalendarGroup(
  store: Store,
  mailbox: Mailbox,
  name: string,
  classId = store.guid(),
): CalendarGroupRow {
  return store.add(mailbox, 'calendarGroup', mailbox.calendarGroups, { ...store.stamp(), name, classId })
}

/** Gives a new mailbox its group and its default calendar. */
export function furnishCalendars(store: Store, mailbox: Mailbox): CalendarRow {
  const group = addCalendarGroup(store, mailbox, 'My Calendars', MY_CALENDARS)
  return addCalendar(store, mailbox, group.key, { name: 'Calendar', isDefault: true })
}

export function addCalendar(
  store: Store,
  mailbox: Mailbox,
  group: string,
  fields: { name: string; isDefault?: boolean; canEdit?: boolean; color?: string },
): CalendarRow {
  const row: CalendarRow = {
    ...store.stamp(),
    name: fields.name,
    color: fields.color ?? 'auto',
    hexColor: '',
    isDefault: fields.isDefault ?? false,
    canEdit: fields.canEdit ?? true,
    group,
    extended: [],
  }
  store.add(mailbox, 'calendar', mailbox.calendars, row)
  eventsOf(mailbox, row.key)
  return row
}

export function firstGroup(mailbox: Mailbox): CalendarGroupRow {
  for (const row of items(mailbox.calendarGroups)) return row
  throw itemNotFound()
}

export function renderCalendar(mailbox: Mailbox, row: CalendarRow): JsonObject {
  const { person } = mailbox
  return {
    '@odata.etag': etag(row.version),
    id: containerId(mailbox, row.key),
    name: row.name,
    color: row.color,
    hexColor: row.hexColor,
    isDefaultCalendar: row.isDefault,
    changeKey: changeKey(row.version),
    canShare: row.canEdit,
    canViewPrivateItems: true,
    canEdit: row.canEdit,
    allowedOnlineMeetingProviders: ['teamsForBusiness'],
    defaultOnlineMeetingProvider: 'teamsForBusiness',
    isTallyingResponses: row.isDefault,
    isRemovable: !row.isDefault,
    owner: { name: person.displayName, address: person.mail },
  }
}

function renderGroup(mailbox: Mailbox, row: CalendarGroupRow): JsonObject {
  return {
    '@odata.etag': etag(row.version),
    id: containerId(mailbox, row.key),
    name: row.name,
    classId: row.classId,
    changeKey: changeKey(row.version),
  }
}

const CALENDAR_WRITABLE = new Set([
  'name',
  'color',
  'singleValueExtendedProperties',
  'isDefaultCalendar',
  'defaultOnlineMeetingProvider',
])
const CALENDAR_IGNORED = new Set([
  'id',
  'hexcolor',
  'changekey',
  'canshare',
  'canviewprivateitems',
  'canedit',
  'allowedonlinemeetingproviders',
  'istallyingresponses',
  'isremovable',
  'owner',
])

export function answerCalendar(call: Call, row: CalendarRow, status: number): Answer {
  const body = {
    '@odata.context': call.context(`calendars${selectText(call)}/$entity`),
    ...select(renderCalendar(call.mailbox, row), selected(call)),
  }
  return jsonAnswer(status, body)
}

function listCalendars(call: Call, group: CalendarGroupRow | null): Answer {
  const rows = [...items(call.mailbox.calendars)]
    .filter((row) => group === null || row.group === group.key)
    .map((row) => renderCalendar(call.mailbox, row))
  return answerList(call, { rows, context: call.context(`calendars${selectText(call)}`) })
}

function createCalendar(call: Call, group: CalendarGroupRow): Answer {
  const body = call.json()
  refuseUnknown(body, 'calendar', CALENDAR_WRITABLE, CALENDAR_IGNORED)
  const name = text(body, 'name') ?? ''
  if (name === '') throw badRequest('A calendar needs a name.')
  if ([...items(call.mailbox.calendars)].some((row) => row.name.toLowerCase() === name.toLowerCase()))
    throw new GraphError(409, 'ErrorFolderExists', 'A folder with the specified name already exists.')
  const color = member(body, 'color', COLORS) ?? 'auto'
  const row = addCalendar(call.store, call.mailbox, group.key, { name, color })
  row.extended = parseExtended(body) ?? []
  return answerCalendar(call, row, 201)
}

function patchCalendar(call: Call, row: CalendarRow): Answer {
  const body = call.json()
  refuseUnknown(body, 'calendar', CALENDAR_WRITABLE, CALENDAR_IGNORED)
  const fields: Partial<CalendarRow> = {}
  const name = text(body, 'name')
  if (typeof name === 'string' && name !== '') fields.name = name
  const color = member(body, 'color', COLORS)
  if (color) fields.color = color
  const extended = parseExtended(body)
  if (extended !== undefined) fields.extended = mergeExtended(row.extended, extended)
  call.store.update(call.mailbox, 'calendar', call.mailbox.calendars, row, fields)
  return answerCalendar(call, row, 200)
}

/** Removes a calendar with its events. */
export function deleteCalendar(call: Pick<Call, 'store' | 'mailbox'>, row: CalendarRow): void {
  const { store, mailbox } = call
  if (row.isDefault)
    throw new GraphError(400, 'ErrorDeleteDistinguishedFolder', 'Distinguished folders cannot be deleted.')
  dropEvents(mailbox, row.key)
  store.remove(mailbox, 'calendar', mailbox.calendars, row.key)
}

function removeCalendar(call: Call, row: CalendarRow): Answer {
  deleteCalendar(call, row)
  return noContent
}

const groupOf = (call: Call): CalendarGroupRow => byId(call.mailbox, call.mailbox.calendarGroups, call.id(0))

function answerGroup(call: Call, row: CalendarGroupRow, status: number): Answer {
  return jsonAnswer(status, {
    '@odata.context': call.context('calendarGroups/$entity'),
    ...select(renderGroup(call.mailbox, row), selected(call)),
  })
}

function writeGroup(call: Call, row: CalendarGroupRow | null): Answer {
  const body = call.json()
  refuseUnknown(
    body,
    'calendarGroup',
    new Set(['name']),
    new Set(['id', 'classid', 'changekey', 'calendars']),
  )
  const name = text(body, 'name') ?? ''
  if (name === '') throw badRequest('A calendar group needs a name.')
  if (row === null) return answerGroup(call, addCalendarGroup(call.store, call.mailbox, name), 201)
  return answerGroup(
    call,
    call.store.update(call.mailbox, 'calendarGroup', call.mailbox.calendarGroups, row, { name }),
    200,
  )
}

function removeGroup(call: Call, row: CalendarGroupRow): Answer {
  if (
    row.classId === MY_CALENDARS ||
    [...items(call.mailbox.calendars)].some((calendar) => calendar.group === row.key)
  )
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      'The calendar group cannot be deleted: it is not empty or belongs to the mailbox.',
    )
  call.store.remove(call.mailbox, 'calendarGroup', call.mailbox.calendarGroups, row.key)
  return noContent
}

const REMINDER_QUERY = ['$count', '$filter', '$search', '$skip', '$top']

export function calendarRoutes(): Route[] {
  const user = '/users/{user}'
  const get = (path: string, query: readonly string[], handle: (call: Call) => Answer): Route => ({
    method: 'GET',
    path: user + path,
    permissions: CALENDAR_READ,
    query,
    handle,
  })
  const write = (method: string, path: string, handle: (call: Call) => Answer): Route => ({
    method,
    path: user + path,
    permissions: CALENDAR_WRITE,
    query: ['$expand', '$select'],
    handle,
  })
  const single = (path: string, of: (call: Call) => CalendarRow): Route[] => [
    get(path, ITEM_QUERY, (call) => answerCalendar(call, of(call), 200)),
    write('PATCH', path, (call) => patchCalendar(call, of(call))),
  ]
  const byPath =
    (at: number) =>
    (call: Call): CalendarRow => {
      const path = CALENDAR_PATHS[at]
      if (path === undefined) throw itemNotFound()
      return calendarFrom(call, path)
    }
  const schedule = (path: string): Route => ({
    method: 'POST',
    path: `${user}${path}/getSchedule`,
    permissions: CALENDAR_READ,
    query: [],
    handle: getSchedule,
  })
  return [
    ...['/calendar', '/calendars/{calendar}', '/calendarGroups/{group}/calendars/{calendar}'].map(schedule),
    { ...get('/reminderView', REMINDER_QUERY, reminderView), permissions: CALENDAR_READ_FULL },
    ...single('/calendar', byPath(1)),
    get('/calendars', LIST_QUERY, (call) => listCalendars(call, null)),
    get('/calendars/$count', ['$filter', '$search'], (call) =>
      answerCount(call.mailbox.calendars.index.size),
    ),
    write('POST', '/calendars', (call) => createCalendar(call, firstGroup(call.mailbox))),
    ...single('/calendars/{calendar}', byPath(2)),
    write('DELETE', '/calendars/{calendar}', (call) => removeCalendar(call, byPath(2)(call))),
    get('/calendarGroups', LIST_QUERY, (call) =>
      answerList(call, {
        rows: [...items(call.mailbox.calendarGroups)].map((row) => renderGroup(call.mailbox, row)),
        context: call.context('calendarGroups'),
      }),
    ),
    get('/calendarGroups/$count', ['$filter', '$search'], (call) =>
      answerCount(call.mailbox.calendarGroups.index.size),
    ),
    write('POST', '/calendarGroups', (call) => writeGroup(call, null)),
    get('/calendarGroups/{group}', ITEM_QUERY, (call) => answerGroup(call, groupOf(call), 200)),
    write('PATCH', '/calendarGroups/{group}', (call) => writeGroup(call, groupOf(call))),
    write('DELETE', '/calendarGroups/{group}', (call) => removeGroup(call, groupOf(call))),
    get('/calendarGroups/{group}/calendars', LIST_QUERY, (call) => listCalendars(call, groupOf(call))),
    get('/calendarGroups/{group}/calendars/$count', ['$filter', '$search'], (call) =>
      answerCount([...items(call.mailbox.calendars)].filter((row) => row.group === groupOf(call).key).length),
    ),
    write('POST', '/calendarGroups/{group}/calendars', (call) => createCalendar(call, groupOf(call))),
    ...single('/calendarGroups/{group}/calendars/{calendar}', byPath(3)),
    write('DELETE', '/calendarGroups/{group}/calendars/{calendar}', (call) =>
      removeCalendar(call, byPath(3)(call)),
    ),
  ]
}
