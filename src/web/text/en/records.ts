import { count } from './common.ts'

export const records = {
  search: 'Search',
  new: (label: string) => `New ${label.toLowerCase()}`,
  empty: (plural: string) =>
    `Here you will see your ${plural.toLowerCase()}, each with its events, tasks and mails on one line of time.`,
  emptyFiltered: 'Nothing fits these letters.',
  modified: 'Changed',
  owner: 'Owner',
  nobody: 'Nobody',
  mine: 'Mine',
  import: 'Import',
  export: 'Export',
  exportCsv: 'Export CSV',
  exportVcard: 'Export vCards',
  columns: 'Columns',
  edit: (label: string) => `Change ${label.toLowerCase()}`,
  deleted: 'Deleted. Its events, tasks and mails stay.',
  timeline: 'Timeline',
  timelineEmpty: 'Events, tasks and mails with this record will be here.',
  only: 'Show',
  kinds: { event: 'Events', task: 'Tasks', message: 'Mails' },
  entry: { event: 'Event', task: 'Task', message: 'Mail', note: 'Note', change: 'Change' },
  fields: 'Details',
  none: 'None',
  importTitle: (plural: string) => `Import ${plural.toLowerCase()}`,
  importHelp:
    'A CSV file whose first line names the columns, or vCards. Known ones (same email) are updated.',
  file: 'File',
  chooseFile: 'Choose a file',
  mapping: 'Columns of the file',
  mappingHelp: 'Which field each column goes to.',
  skip: 'Leave out',
  preview: (created: number, updated: number, unchanged: number) =>
    `${created.toLocaleString('en')} new, ${updated.toLocaleString('en')} changed, ${unchanged.toLocaleString('en')} as they are.`,
  run: (n: number) => `Import ${count.rows(n)}`,
  done: (created: number, updated: number) =>
    `Imported: ${created.toLocaleString('en')} new, ${updated.toLocaleString('en')} changed.`,
  sample: 'The first rows as they will be',
  problems: (n: number) => `${count.rows(n)} cannot be read`,
} as const
