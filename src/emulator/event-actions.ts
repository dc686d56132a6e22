/** Answers to invitations, cancelling, forwarding, reminders. */
import type { Answer, Call } from './call.ts'
import { badRequest, GraphError } from './errors.ts'
import { checkIfMatch, storedRow, type Named } from './event-find.ts'
import { parameters, parseMoment, parseSlot } from './event-model.ts'
import { changedEvent, eventsOf } from './event-store.ts'
import { deleteEvent, deleteInstance, updateInstance } from './event-write.ts'
import { flag, object, parseRecipients, text } from './item-parts.ts'
import { respond, type Reply } from './meetings.ts'
import { accepted, noContent } from './odata.ts'
import { post } from './office.ts'

/** Deletes an event or instance; a meeting's attendees are told. */
export function removeNamed(call: Call, named: Named): Answer {
  checkIfMatch(call, storedRow(named).version)
  if (named.instance === null) deleteEvent(call.office, call.mailbox, named.row)
  else deleteInstance(call.office, call.mailbox, named.instance)
  return noContent
}

function respondTo(call: Call, named: Named, response: Reply['response']): Answer {
  const { office, mailbox, store } = call
  const body = parameters(call.jsonOrEmpty())
  const reply: Reply = {
    response,
    comment: text(body, 'comment') ?? '',
    send: flag(body, 'sendResponse') ?? true,
    proposed: parseSlot(body['proposedNewTime']),
  }
  const row = storedRow(named)
  if (row.isOrganizer)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.",
    )
  if (reply.proposed !== null && (!row.allowNewTimeProposals || !reply.send))
    throw new GraphError(400, 'ErrorInvalidRequest', 'A new time cannot be proposed for this meeting.')
  const slot = named.instance?.slot ?? null
  if (response === 'declined') {
    if (named.instance === null) deleteEvent(office, mailbox, named.row, '', true)
    else deleteInstance(office, mailbox, named.instance, '', true)
  } else {
    const before = { ...named.row }
    const answered = {
      response: { response, at: store.now() },
      showAs: response === 'accepted' ? ('busy' as const) : ('tentative' as const),
    }
    if (named.instance === null) {
      Object.assign(named.row, answered)
      changedEvent(store, mailbox, named.row, before)
    } else {
      const instance = updateInstance(office, mailbox, named.instance, {
        fields: { showAs: answered.showAs },
        transactionId: null,
        extended: undefined,
        extensions: undefined,
      })
      if (instance.exception !== null) Object.assign(instance.exception, answered)
    }
  }
  respond(office, mailbox, named.row, slot, reply)
  return accepted
}

function cancelEvent(call: Call, named: Named): Answer {
  const comment = text(parameters(call.jsonOrEmpty()), 'comment') ?? ''
  if (!storedRow(named).isOrganizer)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      "Your request can't be completed. You need to be an organizer to cancel a meeting.",
    )
  if (named.instance === null) deleteEvent(call.office, call.mailbox, named.row, comment)
  else deleteInstance(call.office, call.mailbox, named.instance, comment)
  return accepted
}

function forward(call: Call, named: Named): Answer {
  const body = parameters(call.json())
  const to = parseRecipients(body, 'toRecipients') ?? []
  if (to.length === 0)
    throw new GraphError(400, 'ErrorInvalidRecipients', 'At least one recipient is needed.')
  const row = storedRow(named)
  const comment = text(body, 'comment') ?? ''
  post(call.office, {
    kind: 'meetingForward',
    from: call.mailbox,
    to,
    subject: `FW: ${row.subject}`,
    about: row.iCalUId,
    text: comment,
  })
  return accepted
}

function setReminder(call: Call, named: Named, snoozeTo: boolean): Answer {
  if (snoozeTo) {
    const time = object(parameters(call.json()), 'newReminderTime')
    if (!time) throw badRequest('The NewReminderTime is missing.')
    parseMoment(time, 'newReminderTime')
  } else {
    const { store, mailbox } = call
    store.update(mailbox, 'event', eventsOf(mailbox, named.row.calendar), named.row, {})
  }
  return { status: 200 }
}

/** What is done with an event besides reading and writing it, by the name in the path. */
export const EVENT_ACTIONS: Readonly<Record<string, (call: Call, named: Named) => Answer>> = {
  accept: (call, named) => respondTo(call, named, 'accepted'),
  decline: (call, named) => respondTo(call, named, 'declined'),
  tentativelyAccept: (call, named) => respondTo(call, named, 'tentativelyAccepted'),
  cancel: cancelEvent,
  forward,
  snoozeReminder: (call, named) => setReminder(call, named, true),
  dismissReminder: (call, named) => setReminder(call, named, false),
  permanentDelete: removeNamed,
}
