/** The To Do lists of the demo company. */
import { items } from './collection.ts'
import type { Box, Week } from './demo-week.ts'
import type { JsonObject } from './item-parts.ts'
import type { Office } from './office.ts'
import { parseTask } from './todo-model.ts'
import { addList, createTask, defaultList } from './todo-write.ts'

export function seedTasks(office: Office, box: Box, week: Week): void {
  const { store } = office
  const due = (day: number, zone: string): JsonObject => ({
    dateTime: `${week.date(day)}T00:00:00`,
    timeZone: zone,
  })
  const add = (name: string, task: JsonObject, listName?: string) => {
    const mailbox = box(name)
    store.actor = `person:${mailbox.person.userPrincipalName}`
    const existing = [...items(mailbox.lists)].find((row) => row.displayName === listName)
    const list =
      listName === undefined ? defaultList(mailbox) : (existing ?? addList(store, mailbox, listName))
    return createTask(
      office,
      mailbox,
      list,
      parseTask(task, () => store.key(), store.now()),
    )
  }
  const berlin = 'W. Europe Standard Time'
  const steps = (...names: string[]): JsonObject[] =>
    names.map((displayName, n) => ({ displayName, isChecked: n === 0 }))
  add('anna', {
    title: 'Send renewal offer to Fabrikam',
    importance: 'high',
    dueDateTime: due(2, berlin),
    body: { contentType: 'text', content: 'Three years, 8 % off.' },
    checklistItems: steps('Collect usage figures', 'Draft', 'Legal check'),
    categories: ['Customers'],
  })
  add(
    'anna',
    {
      title: 'Book stand for the spring fair',
      dueDateTime: due(9, berlin),
      reminderDateTime: { dateTime: `${week.date(8)}T09:00:00`, timeZone: berlin },
    },
    'Trade fairs',
  )
  add('anna', {
    title: 'Weekly pipeline clean-up',
    dueDateTime: due(4, berlin),
    recurrence: {
      pattern: { type: 'weekly', interval: 1, daysOfWeek: ['friday'] },
      range: { type: 'noEnd', startDate: week.date(4) },
    },
  })
  add('anna', { title: 'Approve travel expenses', status: 'completed', dueDateTime: due(-4, berlin) })
  add('ben', { title: 'Call back Sun Lee', dueDateTime: due(1, 'GMT Standard Time'), importance: 'high' })
  add(
    'ben',
    {
      title: 'Update Northwind contract',
      status: 'waitingOnOthers',
      dueDateTime: due(6, 'GMT Standard Time'),
      checklistItems: steps('New price list', 'Signature page'),
    },
    'Contracts',
  )
  add('ben', { title: 'Read the product release notes' })
  add('chiara', {
    title: 'Prepare slides for Tailspin',
    status: 'inProgress',
    dueDateTime: due(2, berlin),
    checklistItems: steps('Outline', 'Screenshots', 'Rehearse'),
  })
  add('chiara', {
    title: 'Monthly forecast',
    dueDateTime: due(10, berlin),
    recurrence: {
      pattern: { type: 'absoluteMonthly', interval: 1, dayOfMonth: Number(week.date(10).slice(8)) },
      range: { type: 'noEnd', startDate: week.date(10) },
    },
  })
  add('daniel', {
    title: 'Answer ticket 4711',
    importance: 'high',
    dueDateTime: due(0, berlin),
    linkedResources: [
      {
        applicationName: 'Support desk',
        displayName: 'Ticket 4711',
        externalId: 'ticket-4711',
        webUrl: 'https://support.contoso.example/tickets/4711',
      },
    ],
  })
  add('daniel', {
    title: 'Rotate the on-call phone',
    dueDateTime: due(7, 'UTC'),
    recurrence: {
      pattern: { type: 'daily', interval: 7 },
      range: { type: 'noEnd', startDate: week.date(7) },
    },
  })
  add('emily', { title: 'Follow up with Wingtip', dueDateTime: due(3, 'Eastern Standard Time') })
  add('farid', {
    title: 'Order survey equipment',
    dueDateTime: due(5, 'India Standard Time'),
    checklistItems: steps('Compare offers', 'Order', 'Customs form'),
  })
}
