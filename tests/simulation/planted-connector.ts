import type { Planted } from './planted.ts'

/** Mistakes in how Microsoft 365 is spoken to. */
export const CONNECTOR_BUGS: readonly Planted[] = [
  {
    name: 'no-mark-on-tasks',
    says: 'a task that is made carries no mark by which it could be found',
    layer: 'engine',
    known: 14,
    edits: [
      {
        file: 'src/connectors/graph/tasks-push.ts',
        text: `displayName: MARKER_APPLICATION, externalId: key },`,
        instead: `displayName: MARKER_APPLICATION, externalId: '' },`,
      },
    ],
  },
  {
    name: 'no-mark-on-events',
    says: 'an event that is made carries neither mark nor transaction',
    layer: 'engine',
    known: 11,
    edits: [
      {
        file: 'src/connectors/graph/calendar-push.ts',
        text: `    body: { ...written.body, transactionId: key, singleValueExtendedProperties: marker(key) },\n`,
        instead: `    body: written.body,\n`,
      },
    ],
  },
  {
    name: 'if-match-left-out',
    says: 'writes are sent without the version that they were decided on',
    layer: 'engine',
    known: 131,
    edits: [
      {
        file: 'src/connectors/graph/client.ts',
        text: `    ...(request.ifMatch === undefined ? {} : { 'if-match': request.ifMatch }),\n`,
        instead: '',
      },
    ],
  },
  {
    name: 'task-not-read-first',
    says: 'a task is written without looking whether it changed',
    layer: 'wide',
    known: 57,
    edits: [
      {
        file: 'src/connectors/graph/tasks-push.ts',
        text: `      return loaded.task.etag === ifMatch || ifMatch === '' ? null : { outcome: 'stale' }`,
        instead: `      return null`,
      },
    ],
  },
  {
    name: 'lost-write-repeated',
    says: 'a write whose answer was lost is sent again by the client',
    layer: 'engine',
    known: 30,
    edits: [
      {
        file: 'src/connectors/graph/verdict.ts',
        text: `    if (answer.kind === 'lost' && !read) return { do: 'accept', answer }\n`,
        instead: '',
      },
    ],
  },
  {
    name: 'retry-after-ignored',
    says: 'a wait that Microsoft asks for is not kept',
    layer: 'engine',
    edits: [
      {
        file: 'src/connectors/graph/gate.ts',
        text: `    this.#closedUntil = until`,
        instead: `    this.#closedUntil = until - until`,
      },
    ],
  },
  {
    name: 'fifth-request',
    says: 'more than four requests are on their way for one mailbox',
    layer: 'engine',
    edits: [
      {
        file: 'src/connectors/graph/gate.ts',
        text: `const CONCURRENT_REQUESTS_MAX = 4`,
        instead: `const CONCURRENT_REQUESTS_MAX = 40`,
      },
      {
        file: 'src/connectors/graph/rounds.ts',
        text: `    client
      .batch(
        round.map(({ request }) => request),
        signal,
      )
      .then(`,
        instead: `    Promise.all(round.map(({ request }) => client.send(request, signal)))
      .then(`,
      },
    ],
  },
  {
    name: 'part-forgotten',
    says: 'a write that ended after its first request arrived counts as not begun',
    layer: 'wide',
    known: 789,
    edits: [
      {
        file: 'src/connectors/graph/write-outcomes.ts',
        text: `  if (!begun || known || outcome.outcome === 'unknown') return outcome`,
        instead: `  if (begun || !begun || known || outcome.outcome === 'unknown') return outcome`,
      },
    ],
  },
  {
    name: 'gone-when-unreadable',
    says: 'an item that cannot be read just now is taken for deleted',
    layer: 'wide',
    edits: [
      {
        file: 'src/connectors/graph/calendar.ts',
        text: `  if (answer.kind !== 'answered') return { kind: 'failed', failure: answer.failure }
  if (answer.status === 404) {`,
        instead: `  if (answer.kind !== 'answered' || (answer.status !== 404 && !isSuccess(answer))) return { kind: 'gone' }
  if (answer.status === 404) {`,
      },
    ],
  },
  {
    name: 'end-in-another-zone',
    says: 'the end of an event is written in another zone than its start',
    layer: 'engine',
    known: 0,
    edits: [
      {
        file: 'src/connectors/graph/calendar-body.ts',
        text: `    body['end'] = dateTimeTimeZone(time.end, endZone)`,
        instead: `    body['end'] = dateTimeTimeZone(time.end, endZone === startZone ? 'UTC' : endZone)`,
      },
    ],
  },
]
