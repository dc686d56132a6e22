import { dateOf, dayNumber } from './expander.ts'

/**
 * Values that the simulated people write. Each carries its stamp, the number of the user operation that wrote it, so
 * that the oracle can tell where a value came from wherever it turns up. A value has three faces: what the CRM is
 * given (canonical field groups), what Microsoft is given (Graph JSON), and the plain text that the oracle compares.
 *
 * `token` is what a conflict record must contain for the value to count as kept.
 */
export interface Stamped {
  readonly group: string
  readonly crm: Readonly<Record<string, unknown>>
  readonly graph: Readonly<Record<string, unknown>>
  readonly plain: string
  readonly token: string
}

/** The zone of all timed events in the simulated world; the window crosses both of its changes to and from summer time. */
export const ZONE = 'Europe/Berlin'
export const FIRST_DAY = '2026-03-20'

/** Somebody outside who invites and answers, and is not kept in step. */
export const CARLA = 'carla.ruiz@contoso.example'

/** The year of what was moved out of the period. */
export const AWAY = '2035'

const pad = (n: number): string => String(n).padStart(2, '0')

/** A start that no other stamp has: 48 half hours a day from the first day on, skipping the hour of the DST change. */
export function startOf(stamp: number): { readonly start: string; readonly end: string } {
  const date = dateOf(dayNumber(FIRST_DAY) + (stamp % 200))
  const hour = 6 + (Math.floor(stamp / 200) % 14)
  return { start: `${date}T${pad(hour)}:00:00`, end: `${date}T${pad(hour)}:30:00` }
}

const time = (start: string, end: string): Pick<Stamped, 'crm' | 'graph' | 'plain' | 'token'> => ({
  crm: { time: { allDay: false, start, end, zone: ZONE } },
  graph: {
    isAllDay: false,
    start: { dateTime: `${start}.0000000`, timeZone: ZONE },
    end: { dateTime: `${end}.0000000`, timeZone: ZONE },
  },
  plain: `${start}..${end}`,
  token: start,
})

export type EventGroup =
  | 'subject'
  | 'body'
  | 'location'
  | 'time'
  | 'categories'
  | 'reminder'
  | 'showAs'
  | 'importance'
  | 'attendees'
  | 'guests'
  | 'away'
  | 'broken'
/** What a person does with a message; its content is what was sent. */
export type MessageGroup = 'read' | 'flag' | 'categories' | 'folder'

export type TaskGroup = 'subject' | 'body' | 'due' | 'categories' | 'steps' | 'importance' | 'status'

/** Groups whose values are unique by stamp: only for these can a lost update be told from an agreeing one. */
export const UNIQUE: ReadonlySet<string> = new Set([
  'subject',
  'body',
  'location',
  'time',
  'categories',
  'reminder',
  'due',
  'steps',
  'attendees',
])

export function eventValue(group: EventGroup, item: string, stamp: number): Stamped {
  const s = `s${stamp}z`
  switch (group) {
    case 'subject':
      return {
        group,
        crm: { subject: `${item} ${s}` },
        graph: { subject: `${item} ${s}` },
        plain: `${item} ${s}`,
        token: s,
      }
    case 'body':
      return {
        group,
        crm: { body: { type: 'html', content: `<p>about ${s}</p>` } },
        graph: { body: { contentType: 'html', content: `<p>about ${s}</p>` } },
        plain: `about ${s}`,
        token: s,
      }
    case 'location':
      return {
        group,
        crm: { location: `Room ${s}` },
        graph: { location: { displayName: `Room ${s}` } },
        plain: `Room ${s}`,
        token: s,
      }
    case 'time': {
      const { start, end } = startOf(stamp)
      return { group, ...time(start, end) }
    }
    case 'attendees': {
      const email = `${s}@partner.example`
      return {
        group,
        crm: { attendees: [{ email, name: '', type: 'required' }] },
        graph: { attendees: [{ type: 'required', emailAddress: { address: email } }] },
        plain: email,
        token: email,
      }
    }
    case 'guests': {
      // One who has a mailbox and can answer, and one outside by whom the value is known again.
      const emails = [CARLA, `${s}@partner.example`]
      return {
        group: 'attendees',
        crm: { attendees: emails.map((email) => ({ email, name: '', type: 'required' })) },
        graph: { attendees: emails.map((address) => ({ type: 'required', emailAddress: { address } })) },
        plain: emails.join(','),
        token: `${s}@partner.example`,
      }
    }
    case 'away': {
      // Years behind the end of the period.
      const { start, end } = startOf(stamp)
      return { group: 'time', ...time(`${AWAY}${start.slice(4)}`, `${AWAY}${end.slice(4)}`) }
    }
    case 'broken': {
      const { start, end } = startOf(stamp)
      return { group: 'time', ...time(end, start) }
    }
    case 'categories':
      return {
        group,
        crm: { categories: [`cat ${s}`] },
        graph: { categories: [`cat ${s}`] },
        plain: `cat ${s}`,
        token: s,
      }
    case 'reminder':
      return {
        group,
        crm: { reminder: stamp + 1 },
        graph: { isReminderOn: true, reminderMinutesBeforeStart: stamp + 1 },
        plain: String(stamp + 1),
        token: String(stamp + 1),
      }
    case 'showAs': {
      const value = (['free', 'tentative', 'busy', 'oof'] as const)[stamp % 4] ?? 'busy'
      return { group, crm: { showAs: value }, graph: { showAs: value }, plain: value, token: value }
    }
    case 'importance': {
      const value = (['low', 'normal', 'high'] as const)[stamp % 3] ?? 'normal'
      return { group, crm: { importance: value }, graph: { importance: value }, plain: value, token: value }
    }
  }
}

export function taskValue(group: TaskGroup, item: string, stamp: number): Stamped {
  const s = `s${stamp}z`
  switch (group) {
    case 'subject':
      return {
        group,
        crm: { subject: `${item} ${s}` },
        graph: { title: `${item} ${s}` },
        plain: `${item} ${s}`,
        token: s,
      }
    case 'body':
      return {
        group,
        crm: { body: { type: 'text', content: `about ${s}` } },
        graph: { body: { contentType: 'text', content: `about ${s}` } },
        plain: `about ${s}`,
        token: s,
      }
    case 'due': {
      const date = dateOf(dayNumber(FIRST_DAY) + stamp)
      return {
        group,
        crm: { due: date },
        graph: { dueDateTime: { dateTime: `${date}T00:00:00`, timeZone: ZONE } },
        plain: date,
        token: date,
      }
    }
    case 'categories':
      return {
        group,
        crm: { categories: [`cat ${s}`] },
        graph: { categories: [`cat ${s}`] },
        plain: `cat ${s}`,
        token: s,
      }
    case 'steps':
      return {
        group,
        crm: { steps: [{ title: `step ${s}`, done: false }] },
        graph: { '#steps': [`step ${s}`] },
        plain: `step ${s}:open`,
        token: s,
      }
    case 'importance': {
      const value = (['low', 'normal', 'high'] as const)[stamp % 3] ?? 'normal'
      return { group, crm: { importance: value }, graph: { importance: value }, plain: value, token: value }
    }
    case 'status': {
      const value =
        (['notStarted', 'inProgress', 'waitingOnOthers', 'deferred'] as const)[stamp % 4] ?? 'notStarted'
      return { group, crm: { status: value }, graph: { status: value }, plain: value, token: value }
    }
  }
}

/** Folders that are in step. */
export const FOLDERS = ['Inbox', 'Archive'] as const

/** `folder` is written by moving: both sides are given the folder's name. */
export function messageValue(group: MessageGroup, stamp: number): Stamped {
  switch (group) {
    case 'read': {
      const read = stamp % 2 === 0
      return { group, crm: { read }, graph: { isRead: read }, plain: String(read), token: String(read) }
    }
    case 'flag': {
      const flag = (['notFlagged', 'flagged', 'complete'] as const)[stamp % 3] ?? 'flagged'
      return { group, crm: { flag }, graph: { flag: { flagStatus: flag } }, plain: flag, token: flag }
    }
    case 'categories': {
      const name = `cat s${stamp}z`
      return {
        group,
        crm: { categories: [name] },
        graph: { categories: [name] },
        plain: name,
        token: `s${stamp}z`,
      }
    }
    case 'folder': {
      const folder = FOLDERS[stamp % 2] ?? 'Inbox'
      return { group, crm: { folder }, graph: { folder }, plain: folder, token: folder }
    }
  }
}
