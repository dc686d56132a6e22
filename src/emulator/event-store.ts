/** Where a mailbox keeps its events, and how they are found: by calendar, key, meeting or transaction. */
import { find, makeCollection, type Collection } from './collection.ts'
import { itemNotFound } from './errors.ts'
import type { CalendarRow, EventRow } from './event-model.ts'
import type { Mailbox, Store } from './state.ts'

export function eventsOf(mailbox: Mailbox, calendar: string): Collection<EventRow> {
  let collection = mailbox.events.get(calendar)
  if (collection === undefined) {
    collection = makeCollection(`events/${calendar}`)
    mailbox.events.set(calendar, collection)
  }
  return collection
}

export function findEvent(mailbox: Mailbox, key: string): EventRow | undefined {
  const home = mailbox.eventHome.get(key)
  const collection = home === undefined ? undefined : mailbox.events.get(home.slice('events/'.length))
  return collection === undefined ? undefined : find(collection, key)
}

export function defaultCalendar(mailbox: Mailbox): CalendarRow {
  for (const row of mailbox.calendars.rows) if (row?.isDefault) return row
  throw itemNotFound()
}

export function addEvent(store: Store, mailbox: Mailbox, row: EventRow): void {
  mailbox.meetings.set(row.iCalUId, row.key)
  if (row.transactionId !== null) mailbox.transactions.set(row.transactionId, row.key)
  store.add(mailbox, 'event', eventsOf(mailbox, row.calendar), row)
}

export function changedEvent(store: Store, mailbox: Mailbox, row: EventRow, before: EventRow): void {
  store.changed(mailbox, 'event', eventsOf(mailbox, row.calendar), row, before)
}

export function removeEvent(store: Store, mailbox: Mailbox, row: EventRow): void {
  forget(mailbox, row)
  store.remove(mailbox, 'event', eventsOf(mailbox, row.calendar), row.key)
}

function forget(mailbox: Mailbox, row: EventRow): void {
  if (mailbox.meetings.get(row.iCalUId) === row.key) mailbox.meetings.delete(row.iCalUId)
  if (row.transactionId !== null) mailbox.transactions.delete(row.transactionId)
}

/** Drops a calendar's events without a tombstone for each: a list of calendars is where this is seen. */
export function dropEvents(mailbox: Mailbox, calendar: string): void {
  for (const row of eventsOf(mailbox, calendar).rows) {
    if (row === null) continue
    forget(mailbox, row)
    mailbox.eventHome.delete(row.key)
  }
  mailbox.events.delete(calendar)
}

/** The copy that a mailbox has of a meeting. */
export function copyOfMeeting(mailbox: Mailbox, iCalUId: string): EventRow | undefined {
  const key = mailbox.meetings.get(iCalUId)
  return key === undefined ? undefined : findEvent(mailbox, key)
}

/** The event that a POST with this transactionId made; remembered as long as the event is there. */
export function eventOfTransaction(mailbox: Mailbox, transactionId: string): EventRow | undefined {
  const key = mailbox.transactions.get(transactionId)
  return key === undefined ? undefined : findEvent(mailbox, key)
}
