import {
  type CollectionId,
  type ETag,
  type ItemId,
  type LinkId,
  type MailboxId,
  type OperationId,
  type OrganizationId,
  type RecordId,
  type RunId,
  asId,
} from '../../src/core/ids.ts'
import type {
  ChannelRow,
  CollectionRow,
  LinkRow,
  MailboxRow,
  OperationRow,
  RecordWrite,
  RunRow,
} from '../../src/store/sync-store.ts'

/** Rows that the store's contract suite writes: one mailbox, one calendar, and whatever `name` asks for. */

export const T0 = Date.UTC(2026, 2, 2, 9)
export const MAILBOX = asId<MailboxId>('mailbox-anna')
export const COLLECTION = asId<CollectionId>('collection-anna')
export const RUN = asId<RunId>('run-1')

export const recordId = (name: string) => asId<RecordId>(`record-${name}`)
export const itemId = (name: string) => asId<ItemId>(`item-${name}`)
export const linkId = (name: string) => asId<LinkId>(`link-${name}`)
export const operationId = (name: string) => asId<OperationId>(`operation-${name}`)
export const put = (row: LinkRow) => ({ do: 'put', ...row }) as const

export const created = (name: string, more = {}): RecordWrite => ({
  do: 'create',
  id: recordId(name),
  kind: 'event',
  container: 'calendar-anna',
  owner: null,
  fields: { subject: name, ...more },
  facts: {},
  matchKeys: [],
  at: T0,
  by: 'anna',
})
export const updated = (name: string, subject: string, more = {}) =>
  ({
    do: 'update',
    id: recordId(name),
    kind: 'event',
    container: 'calendar-anna',
    fields: { subject, ...more },
    facts: {},
    matchKeys: [],
    at: T0 + 1,
    by: 'anna',
  }) as const

export const link = (name: string): LinkRow => ({
  id: linkId(name),
  mailbox: MAILBOX,
  channel: 'calendar',
  collection: COLLECTION,
  record: recordId(name),
  item: itemId(name),
  etag: asId<ETag>('etag-1'),
  base: { subject: name },
  mailboxBase: {},
  recordVersion: 1,
  state: 'linked',
  seenGeneration: 1,
  facts: { isOrganizer: true },
  pending: null,
  flips: [],
  updatedAt: T0,
})
export const operation = (name: string): OperationRow => ({
  id: operationId(name),
  run: RUN,
  mailbox: MAILBOX,
  channel: 'calendar',
  collection: COLLECTION,
  link: linkId(name),
  record: recordId(name),
  item: itemId(name),
  side: 'mailbox',
  do: 'update',
  rule: 'R4',
  cause: 'anna',
  title: name,
  before: { subject: 'old' },
  after: { subject: name },
  guard: { etag: asId<ETag>('etag-1'), version: 1 },
  mails: ['ben@contoso.example'],
  state: 'planned',
  reason: null,
  attempts: 0,
  createdAt: T0,
  sentAt: null,
  doneAt: null,
})
export const mailboxRow = (organization: OrganizationId): MailboxRow => ({
  id: MAILBOX,
  organization,
  user: null,
  kind: 'user',
  address: 'anna@contoso.example',
  displayName: 'Anna',
  tenantId: 'tenant',
  objectId: 'anna',
  zone: 'Europe/Berlin',
  state: 'connected',
  trouble: null,
  clockOffsetMs: 0,
})
export const channelRow = (): ChannelRow => ({
  mailbox: MAILBOX,
  channel: 'calendar',
  enabled: true,
  paused: null,
  state: 'idle',
  feedCursor: null,
  lastStartedAt: null,
  lastFinishedAt: T0,
  nextAt: T0 + 60_000,
  provenAt: null,
  failures: 0,
  message: null,
  firstSyncDone: true,
  progress: { phase: 'pull', done: 1, total: 2 },
})
export const collectionRow = (): CollectionRow => ({
  id: COLLECTION,
  mailbox: MAILBOX,
  channel: 'calendar',
  externalId: 'AAMk1',
  name: 'Calendar',
  isDefault: true,
  canWrite: true,
  container: 'calendar-anna',
  selected: true,
  cursor: null,
  window: { from: '2026-02-01', to: '2028-02-01' },
  generation: 1,
  enumerating: false,
  trouble: null,
  wellKnown: null,
})
export const runRow = (): RunRow => ({
  id: RUN,
  mailbox: MAILBOX,
  channel: 'calendar',
  trigger: 'schedule',
  state: 'applying',
  undoes: null,
  undo: null,
  counts: { planned: 1 },
  message: null,
  startedAt: T0,
  finishedAt: null,
})
