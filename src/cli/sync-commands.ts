import { InvalidArgumentError, type Command } from 'commander'
import { Listr } from 'listr2'
import type { ApiOutput } from '../server/api/api.ts'
import { CommandFailed, connect, type Connection } from './client.ts'
import { ago, CHANNEL, colors, count, HEALTH, makeOutput, SIDE, table, type Output } from './output.ts'

/** status, sync, plan, apply, undo: what people do with runs. */
type Status = ApiOutput<'GET /api/status'>
type ChannelRow = Status['items'][number]
type Run = ApiOutput<'GET /api/runs/:run'>
type Operation = ApiOutput<'GET /api/runs/:run/operations'>['items'][number]

export interface Common {
  readonly json?: boolean
  readonly data?: string
  readonly server?: string
  readonly token?: string
}
export const begin = (command: Command): { readonly server: Connection; readonly out: Output } => {
  const options = command.optsWithGlobals<Common>()
  return { server: connect(options), out: makeOutput(options.json === true) }
}

export const channelName = (text: string): 'calendar' | 'tasks' | 'email' => {
  if (text === 'calendar' || text === 'tasks' || text === 'email') return text
  throw new InvalidArgumentError('Say calendar, tasks or email.')
}

const POLL_MS = 300
/** Exit code 3: everything that could be done is done, the rest waits for a person. */
const NEEDS_PERSON = 3

export function addSyncCommands(program: Command): void {
  program
    .command('status')
    .description(
      'show each mailbox and channel: enabled, in progress, last and next sync, proven in sync as of',
    )
    .action(async (_options, command: Command) => {
      const { server, out } = begin(command)
      const status = await server.call('GET /api/status')
      out.facts(status, () => statusText(status))
      if (status.health === 'needs-person' || status.health === 'held') process.exitCode = NEEDS_PERSON
    })

  program
    .command('sync')
    .description('sync now, and wait until it is done')
    .argument('[mailbox]', 'address or id; left out: all')
    .option('-c, --channel <channel>', 'calendar, tasks or email', channelName)
    .option('--no-wait', 'only start it')
    .action(
      async (
        mailbox: string | undefined,
        options: { channel?: ChannelRow['channel']; wait: boolean },
        command: Command,
      ) => {
        const { server, out } = begin(command)
        const one = mailbox === undefined ? undefined : await findMailbox(server, mailbox)
        const before = Date.now()
        const { queued } = await server.call('POST /api/sync', {
          body: { ...(one && { mailbox: one }), ...(options.channel && { channel: options.channel }) },
        })
        if (!options.wait) {
          out.facts({ queued }, () => `${count(queued.length, 'channel')} started.`)
          return
        }
        const keys = new Set(queued.map(keyOf))
        await waitFor(server, out, keys, before)
        const status = await server.call('GET /api/status')
        const rows = status.items.filter((row) => keys.has(keyOf(row)))
        out.facts({ items: rows }, () => rowsText(rows))
        if (rows.some((row) => row.health === 'needs-person' || row.health === 'held'))
          process.exitCode = NEEDS_PERSON
        else if (rows.some((row) => row.state === 'failed')) process.exitCode = 1
      },
    )

  program
    .command('plan')
    .description('show what the next run would do, field by field, and whom it would mail; writes nothing')
    .argument('<mailbox>', 'address or id')
    .argument('<channel>', 'calendar, tasks or email', channelName)
    .action(async (mailbox: string, channel: ChannelRow['channel'], _options, command: Command) => {
      const { server, out } = begin(command)
      const planned = await server.call('POST /api/plans', {
        body: { mailbox: await findMailbox(server, mailbox), channel },
      })
      const run = await settled(server, planned, ['planning'])
      const operations = await allOperations(server, run.id)
      out.facts({ run, operations }, () => planText(run, operations))
      if (run.state === 'failed') process.exitCode = 1
    })

  program
    .command('apply')
    .description('carry out a plan exactly as it was shown; what changed since is decided anew')
    .argument('<run>', 'the id that "syncline plan" showed')
    .option('-o, --operation <ids...>', 'only these operations')
    .action(async (run: string, options: { operation?: string[] }, command: Command) => {
      const { server, out } = begin(command)
      const approved = await server.call('POST /api/runs/:run/approve', {
        params: { run },
        body: options.operation === undefined ? {} : { operations: options.operation },
      })
      await finish(server, out, approved)
    })

  program
    .command('undo')
    .description(
      'show what undoing a run, one write or one item would do, on both sides; writes nothing without --apply',
    )
    .argument('<id>', 'of a run or an operation from "syncline history", or of an item')
    .option('--apply', 'carry it out: exactly what was shown; what changed since is left alone and named')
    .action(async (id: string, options: { apply?: boolean }, command: Command) => {
      const { server, out } = begin(command)
      const shown = options.apply === true ? await shownUndo(server, id) : null
      const plan = shown ?? (await planUndo(server, id))
      if (options.apply !== true) {
        const operations = await allOperations(server, plan.id)
        out.facts({ run: plan, operations }, () => planText(plan, operations))
        return
      }
      const approved = await server.call('POST /api/runs/:run/approve', {
        params: { run: plan.id },
        body: {},
      })
      await finish(server, out, approved)
    })
}

const undoRoutes = [
  (server: Connection, run: string) => server.call('POST /api/runs/:run/undo', { params: { run }, body: {} }),
  (server: Connection, operation: string) =>
    server.call('POST /api/operations/:operation/undo', { params: { operation }, body: {} }),
  (server: Connection, record: string) =>
    server.call('POST /api/items/:record/undo', { params: { record }, body: {} }),
]

/** An id names a run, a write or an item: the first that there is. */
async function planUndo(server: Connection, id: string): Promise<Run> {
  for (const [at, plan] of undoRoutes.entries())
    try {
      return await plan(server, id)
    } catch (error) {
      const isUnknown = error instanceof CommandFailed && error.problem?.status === 404
      if (!isUnknown || at === undoRoutes.length - 1) throw error
    }
  throw new CommandFailed(`There is no run, write or item ${id}.`)
}

/** The newest undo of this run that was shown and waits still. */
async function shownUndo(server: Connection, id: string): Promise<Run | null> {
  const { items } = await server.call('GET /api/runs', {
    query: { trigger: 'undo', state: 'planned', size: 500 },
  })
  return items.find((one) => one.undoes === id || one.id === id) ?? null
}

const keyOf = (row: { readonly mailbox: string; readonly channel: string }): string =>
  `${row.mailbox} ${row.channel}`

export async function findMailbox(server: Connection, text: string): Promise<string> {
  const { items } = await server.call('GET /api/mailboxes', { query: { q: text, size: 10 } })
  const found = items.find((one) => one.id === text || one.address.toLowerCase() === text.toLowerCase())
  if (found !== undefined) return found.id
  const all = await server.call('GET /api/mailboxes', { query: { size: 10 } })
  const names = all.items.map((one) => one.address).join(', ')
  throw new CommandFailed(
    names === ''
      ? `There is no mailbox ${text}: none is connected yet. Connect one with: syncline connect ${text}`
      : `There is no mailbox ${text}. There are: ${names}${all.total > all.items.length ? ', …' : ''}.`,
    2,
  )
}

async function waitFor(
  server: Connection,
  out: Output,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  const isOver = (row: ChannelRow): boolean =>
    row.state !== 'running' &&
    row.lastStartedAt !== null &&
    Date.parse(row.lastStartedAt) >= since - 1000 &&
    row.lastFinishedAt !== null &&
    Date.parse(row.lastFinishedAt) >= Date.parse(row.lastStartedAt)
  const ask = async (): Promise<readonly ChannelRow[]> =>
    (await server.call('GET /api/status')).items.filter((row) => keys.has(keyOf(row)))
  const stopped = (row: ChannelRow): boolean =>
    isOver(row) || row.state === 'failed' || row.paused !== null || !row.enabled
  const first = await ask()
  const tasks = first.map((row) => ({
    title: `${row.address} ${CHANNEL[row.channel]}`,
    task: async (_context: unknown, task: { output: string }): Promise<void> => {
      for (;;) {
        const now = (await ask()).find((other) => keyOf(other) === keyOf(row))
        if (now === undefined || stopped(now)) return
        const { progress } = now
        if (progress !== null)
          task.output = `${progress.phase} ${progress.done}${progress.total === null ? '' : ` of ${progress.total}`}${progress.secondsLeft === null ? '' : `, ${progress.secondsLeft} s left`}`
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
  }))
  await new Listr(tasks, {
    concurrent: true,
    renderer: out.json ? 'silent' : process.stderr.isTTY ? 'default' : 'simple',
  }).run()
}

async function settled(server: Connection, run: Run, until: readonly Run['state'][]): Promise<Run> {
  let now = run
  while (until.includes(now.state)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    now = await server.call('GET /api/runs/:run', { params: { run: run.id } })
  }
  return now
}

async function finish(server: Connection, out: Output, run: Run): Promise<void> {
  out.note(`Run ${run.id} …`)
  const done = await settled(server, run, ['planning', 'planned', 'applying'])
  const operations = await allOperations(server, done.id)
  out.facts({ run: done, operations }, () => resultText(done, operations))
  if (done.state === 'held') process.exitCode = NEEDS_PERSON
  else if (done.state === 'failed' || done.counts.failed > 0) process.exitCode = 1
}

async function allOperations(server: Connection, run: string): Promise<Operation[]> {
  const all: Operation[] = []
  for (let page = 1; ; page++) {
    const { items, total } = await server.call('GET /api/runs/:run/operations', {
      params: { run },
      query: { page, size: 500 },
    })
    all.push(...items)
    if (all.length >= total || items.length === 0) return all
  }
}

function statusText(status: Status): string {
  const summary = [
    `${count(status.mailboxes, 'mailbox', 'mailboxes')}, ${HEALTH[status.health]}`,
    ...(status.waiting > 0 ? [`${count(status.waiting, 'change')} waiting`] : []),
    ...(status.held > 0 ? [`${count(status.held, 'change')} held for you (syncline conflicts)`] : []),
    ...(status.conflicts > 0 ? [`${count(status.conflicts, 'open conflict')} (syncline conflicts)`] : []),
    ...(status.parked > 0 ? [`${count(status.parked, 'item')} left out`] : []),
    ...(status.alerts > 0 ? [colors.red(`${count(status.alerts, 'alert')} (syncline doctor)`)] : []),
  ].join(' · ')
  if (status.items.length === 0)
    return `${summary}\nNo mailbox is connected. Connect one with: syncline connect ADDRESS`
  return `${rowsText(status.items)}\n\n${summary}`
}

function rowsText(rows: readonly ChannelRow[]): string {
  const lines = table(
    [
      'MAILBOX',
      'RESOURCE TYPE',
      'ENABLED',
      'IN PROGRESS',
      'LAST SYNC AT',
      'NEXT SYNC AT',
      'PROVEN IN SYNC AS OF',
      '',
    ],
    rows.map((row) => [
      row.address,
      CHANNEL[row.channel],
      row.enabled ? 'yes' : 'no',
      row.state === 'running' ? 'yes' : 'no',
      ago(row.lastFinishedAt),
      row.enabled && row.nextAt !== null ? ago(row.nextAt) : '–',
      ago(row.provenAt),
      HEALTH[row.health],
    ]),
  )
  const messages = rows
    .filter((row) => row.message !== null && row.health !== 'proven' && row.health !== 'off')
    .map((row) => `${row.address} ${CHANNEL[row.channel]}: ${row.message ?? ''}`)
  return [lines, ...(messages.length > 0 ? ['', ...messages] : [])].join('\n')
}

function operationText(operation: Operation): string {
  const sign = {
    create: colors.green('+'),
    update: colors.yellow('~'),
    delete: colors.red('-'),
    restore: colors.green('+'),
  }[operation.do]
  const fields = operation.differences.map(
    ({ label, beforeText, afterText }) => `      ${label}: ${beforeText ?? '–'} → ${afterText ?? '–'}`,
  )
  return [
    `  ${sign} ${SIDE[operation.side]}: ${operation.title} ${colors.dim(`[${operation.rule}] ${operation.id}`)}`,
    ...fields,
    ...(operation.mails.length > 0 ? [`      mails ${operation.mails.join(', ')}`] : []),
    ...(operation.reason === null ? [] : [`      ${operation.state}: ${operation.reason}`]),
  ].join('\n')
}

function planText(run: Run, operations: readonly Operation[]): string {
  if (operations.length === 0)
    return `Nothing to do for ${run.address} ${CHANNEL[run.channel]}: both sides agree.`
  return [
    `Plan ${run.id} for ${run.address} ${CHANNEL[run.channel]}: ${countsText(run)}`,
    ...operations.map(operationText),
    ...run.refused.map((one) => `  = stays: ${one.operation}: ${one.reason}`),
    run.mails.length === 0 ? 'Nobody would be mailed.' : `Would be mailed: ${run.mails.join(', ')}`,
    ...(run.message === null ? [] : [run.message]),
    `Carry it out with: syncline apply ${run.id}`,
  ].join('\n')
}

const countsText = ({ counts }: Run): string =>
  (['crm', 'mailbox'] as const)
    .map((side) => {
      const { create, update, delete: gone } = counts[side]
      return `${SIDE[side]} +${create} ~${update} -${gone}`
    })
    .join(', ')

function resultText(run: Run, operations: readonly Operation[]): string {
  const left = operations.filter((one) => one.state !== 'written' && one.state !== 'superseded')
  return [
    `Run ${run.id} ${run.state}: ${count(run.counts.written, 'change')} written${run.counts.failed > 0 ? `, ${run.counts.failed} not` : ''}.`,
    ...left.map(operationText),
    ...(run.message === null ? [] : [run.message]),
  ].join('\n')
}
