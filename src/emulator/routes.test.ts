/** ROUTES.md is written from the table of routes, with the page that describes each: `vitest run -u` writes it anew. */
import { expect, test } from 'vitest'
import { emulated } from '../../tests/support/emulated.ts'

/** Pages of the Graph v1.0 reference, the first that fits a path without its method. */
const SOURCES: readonly (readonly [path: RegExp, page: string])[] = [
  [/^\/subscriptions/, 'subscription resource type; Reduce missing subscriptions'],
  [/\/extensions(\/|$)/, 'openTypeExtension resource type'],
  [
    /\/todo\/.*\/(attachments|attachmentSessions)(\/|$)/,
    'taskFileAttachment resource type; attachmentSession',
  ],
  [/\/todo\/.*\/checklistItems(\/|$)/, 'checklistItem resource type'],
  [/\/todo\/.*\/linkedResources(\/|$)/, 'linkedResource resource type'],
  [/\/todo\/lists\/\{list\}\/tasks/, 'todoTask resource type; todoTask: delta'],
  [/\/todo\//, 'todoTaskList resource type; todoTaskList: delta'],
  [/\/attachments\/createUploadSession$/, 'attachment: createUploadSession'],
  [/\/attachments(\/|$)/, 'attachment resource type'],
  [/\/(events|calendarView|instances)\/delta$/, 'event: delta'],
  [/\/calendarView$/, 'List calendarView'],
  [/\/getSchedule$/, 'calendar: getSchedule'],
  [/\/reminderView$/, 'user: reminderView'],
  [/\/events\/\{event\}\/\w+$/, 'event resource type: instances and actions'],
  [/\/events(\/|$)/, 'event resource type'],
  [/\/messages\/delta$/, 'message: delta'],
  [/\/(messages(\/|$)|sendMail$)/, 'message resource type; user: sendMail'],
  [/\/(mailFolders|childFolders)\/delta$/, 'mailFolder: delta'],
  [/\/mailFolders(\/|$)/, 'mailFolder resource type'],
  [/\/calendar(s|Groups)?(\/|$)/, 'calendar and calendarGroup resource types'],
  [/\/masterCategories(\/|$)/, 'outlookCategory resource type'],
  [/\/mailboxSettings(\/|$)/, 'Get mailboxSettings; Update mailboxSettings'],
  [/\/supportedTimeZones$/, 'outlookUser: supportedTimeZones'],
  [/\/translateExchangeIds$/, 'user: translateExchangeIds'],
  [/^\/users/, 'user resource type; List users'],
]

test('ROUTES.md lists every route under the page that it is made from', async () => {
  const pages = new Map<string, string[]>()
  const orphans: string[] = []
  const { routes } = emulated()
  for (const { method, path, query } of routes) {
    const page = SOURCES.find(([pattern]) => pattern.test(path))?.[1]
    const line = `${method.padEnd(6)} ${path}${query.length === 0 ? '' : `  ${query.join(' ')}`}`
    if (page === undefined) orphans.push(line)
    else pages.set(page, [...(pages.get(page) ?? []), line])
  }
  expect(orphans, 'routes without a source').toEqual([])
  const sections = SOURCES.map(
    ([, page]) => `## ${page}\n\n\`\`\`\n${(pages.get(page) ?? []).sort().join('\n')}\n\`\`\`\n`,
  )
  expect(pages.size, 'pages without a route').toBe(SOURCES.length)
  await expect(
    [
      '# Every route of the emulator',
      '',
      `${routes.length} routes below \`/v1.0\`, each with the query options that it takes, under the page of Microsoft’s`,
      'documentation that it is made from. `/me` stands for `/users/{user}`. `POST /$batch` is beside them. This file is',
      'written by `routes.test.ts`; what each resource does and does not do is in [README.md](README.md).',
      '',
      sections.join('\n'),
    ].join('\n'),
  ).toMatchFileSnapshot('ROUTES.md')
})
