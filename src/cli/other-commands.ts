import { writeFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import type { Json } from '../core/item.ts'
import type { ApiInput, ApiOutput } from '../server/api/api.ts'
import { CommandFailed, type Connection } from './client.ts'
import { ago, CHANNEL, colors, count, SIDE, table } from './output.ts'
import { begin, channelName, findMailbox, type Common } from './sync-commands.ts'

/** conflicts, history, doctor, config, connect, export: everything else that talks to a running server. */
const NEEDS_PERSON = 3

export function addOtherCommands(program: Command): void {
  addConflicts(program)
  addHistory(program)
  addDoctor(program)
  addConfig(program)
  addConnect(program)
  addExport(program)
}

function addConflicts(program: Command): void {
  const conflicts = program
    .command('conflicts')
    .description('list what waits for a decision (exit code 3 when something does), and decide it')
  conflicts
    .command('list', { isDefault: true })
    .description('what is open; --all shows what was decided, too')
    .option('--all', 'also what a rule or a person decided')
    .action(async (options: { all?: boolean }, command: Command) => {
      const { server, out } = begin(command)
      const answer = await server.call('GET /api/conflicts', {
        query: { size: 500, ...(options.all !== true && { state: 'open' as const }) },
      })
      out.facts(answer, () =>
        answer.items.length === 0
          ? 'Nothing waits for a decision.'
          : answer.items
              .map((one) =>
                [
                  `${one.state === 'open' ? colors.magenta(one.id) : colors.dim(one.id)} ${one.address}: ${one.title}, ${one.label}`,
                  `    CRM: ${one.crm.text ?? '–'}   Microsoft: ${one.mailboxValue.text ?? '–'}   before: ${one.base.text ?? '–'}`,
                  `    ${one.why}`,
                ].join('\n'),
              )
              .join('\n'),
      )
      if (answer.open > 0) process.exitCode = NEEDS_PERSON
    })
  conflicts
    .command('answer')
    .description('decide a conflict')
    .argument('<id>', 'of the conflict')
    .addArgument(
      conflicts
        .createArgument('[take]', "whose value both sides get; engine: back to the rule's choice")
        .choices(['crm', 'mailbox', 'engine']),
    )
    .option('--value <json>', 'a value of your own for both sides instead, as JSON: \'"Room 4"\'')
    .option('--whole-item', 'decide the other fields of the item alike')
    .option('--remember', 'let that side win this field from now on in this mailbox and channel')
    .action(
      async (
        conflict: string,
        take: 'crm' | 'mailbox' | 'engine' | undefined,
        options: { value?: string; wholeItem?: boolean; remember?: boolean },
        command: Command,
      ) => {
        const choice = choiceOf(take, options.value)
        const { server, out } = begin(command)
        const answer = await server.call('POST /api/conflicts/:conflict/answer', {
          params: { conflict },
          body: {
            choice,
            wholeItem: options.wholeItem === true,
            remember: options.remember === true,
          },
        })
        out.facts(
          answer,
          () => `Decided: ${count(answer.conflicts.length, 'field')}. The next run carries it out.`,
        )
      },
    )
  conflicts
    .command('restore')
    .description('bring the value that lost back, on both sides')
    .argument('<id>', 'of the conflict')
    .action(async (conflict: string, _options, command: Command) => {
      const { server, out } = begin(command)
      const answer = await server.call('POST /api/conflicts/:conflict/restore', { params: { conflict } })
      out.facts(
        answer,
        () => `The value that lost comes back: ${answer.conflict.title}, ${answer.conflict.label}.`,
      )
    })
}

type Choice = ApiInput<'POST /api/conflicts/:conflict/answer'>['body']['choice']

function choiceOf(take: 'crm' | 'mailbox' | 'engine' | undefined, value: string | undefined): Choice {
  if ((take === undefined) === (value === undefined))
    throw new CommandFailed(
      'Say whose value both sides get (crm, mailbox or engine), or give one of your own with --value JSON.',
      2,
    )
  if (take !== undefined) return { take }
  try {
    return { take: 'value', value: JSON.parse(value ?? '') as Json }
  } catch {
    throw new CommandFailed(`--value is not JSON. A text needs its quotes: --value '"Room 4"'`, 2)
  }
}

interface HistoryOptions {
  readonly mailbox?: string
  readonly channel?: 'calendar' | 'tasks' | 'email'
  readonly search?: string
  readonly limit: string
  readonly export?: 'csv' | 'json'
  readonly verify?: boolean
}

function addHistory(program: Command): void {
  program
    .command('history')
    .description('show every write with its cause and rule; verify that nobody changed it; export it')
    .option('-m, --mailbox <mailbox>', 'address or id')
    .option('-c, --channel <channel>', 'calendar, tasks or email', channelName)
    .option('-s, --search <text>', 'only what has this in its title')
    .option('-n, --limit <n>', 'how many', '50')
    .option('--verify', 'recompute the hash chain over all entries')
    .addOption(new Option('--export <format>', 'all of it, to stdout').choices(['csv', 'json']))
    .action(async (options: HistoryOptions, command: Command) => {
      const size = Number(options.limit)
      if (!Number.isInteger(size) || size < 1 || size > 500)
        throw new CommandFailed('--limit is a whole number from 1 to 500.', 2)
      const { server, out } = begin(command)
      if (options.verify === true) {
        const result = await server.call('GET /api/history/verify')
        out.facts(result, () =>
          result.ok
            ? `${count(result.entries, 'entry', 'entries')}, unchanged. Last hash: ${result.head ?? 'none'}`
            : `Entry ${result.brokenAt?.entry ?? ''} does not fit: ${result.brokenAt?.problem ?? ''}`,
        )
        if (!result.ok) process.exitCode = 1
        return
      }
      const filters = {
        ...(options.mailbox !== undefined && { mailbox: await findMailbox(server, options.mailbox) }),
        ...(options.channel !== undefined && { channel: options.channel }),
        ...(options.search !== undefined && { q: options.search }),
      }
      if (options.export !== undefined) {
        process.stdout.write(
          await server.download(
            `/api/history/export?${new URLSearchParams({ ...filters, format: options.export }).toString()}`,
          ),
        )
        return
      }
      const answer = await server.call('GET /api/history', { query: { ...filters, size } })
      out.facts(answer, () =>
        answer.items.length === 0
          ? 'Nothing was written yet.'
          : table(
              ['WHEN', 'MAILBOX', 'CHANNEL', 'SIDE', 'DID', 'STATE', 'RULE', 'TITLE', 'ID', 'RUN'],
              answer.items.map((one) => [
                ago(one.doneAt ?? one.createdAt),
                one.address,
                CHANNEL[one.channel],
                SIDE[one.side],
                one.do,
                one.state,
                one.rule,
                one.title,
                one.id,
                one.run,
              ]),
            ),
      )
    })
}

const STEP = {
  ok: colors.green('✓'),
  failed: colors.red('✗'),
  warning: colors.yellow('!'),
  skipped: colors.dim('–'),
} as const

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('test every step of the set-up, here and at Microsoft, and name the fix')
    .option('--foreign-mailbox <address>', 'with application access: a mailbox that must be refused')
    .action(async (options: { foreignMailbox?: string }, command: Command) => {
      const { server, out } = begin(command)
      out.note('Testing …')
      const report = await server.call('POST /api/doctor', {
        body: options.foreignMailbox === undefined ? {} : { foreignMailbox: options.foreignMailbox },
      })
      out.facts(report, () =>
        report.steps
          .map(({ state, title, detail, fix }) =>
            [`${STEP[state]} ${title}: ${detail}`, ...(fix === null ? [] : [`    ${fix}`])].join('\n'),
          )
          .join('\n'),
      )
      if (report.state === 'failed') process.exitCode = NEEDS_PERSON
    })
}

type Explained = ApiOutput<'GET /api/settings/explain'>['items'][number]

function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('read and change settings; see where each value comes from')
  config
    .command('get')
    .description('the value of a setting, or of all')
    .argument('[key]', 'such as calendar.direction')
    .option('--user <user>', 'as it is for this user: an address or id')
    .action(async (key: string | undefined, options: { user?: string }, command: Command) => {
      const { server, out } = begin(command)
      const items = await explained(server, key, options.user)
      out.facts(
        key === undefined
          ? Object.fromEntries(items.map((one) => [one.key, one.value]))
          : (items[0]?.value ?? null),
        () =>
          key === undefined
            ? items.map((one) => `${one.key} = ${one.text}`).join('\n')
            : (items[0]?.text ?? ''),
      )
    })
  config
    .command('explain')
    .description(
      'each value and where it comes from: default, system, organization, user; flag, environment, .env',
    )
    .argument('[key]', 'such as calendar.direction')
    .option('--user <user>', 'as it is for this user: an address or id')
    .action(async (key: string | undefined, options: { user?: string }, command: Command) => {
      const { server, out } = begin(command)
      const items = await explained(server, key, options.user)
      out.facts({ items }, () =>
        table(
          ['SETTING', 'VALUE', 'FROM', 'MEANING'],
          items.map((one) => [one.key, one.text, one.from, one.label]),
        ),
      )
    })
  config
    .command('set')
    .description('change a setting, at the system scope unless another one is named')
    .argument('<key>', 'such as calendar.direction')
    .argument('[value]', 'the new value; left out with --inherit')
    .addOption(
      new Option('--scope <scope>', 'where').choices(['system', 'organization', 'user']).default('system'),
    )
    .option('--of <id>', 'which organization or user; left out: yours')
    .option('--inherit', 'take the own value away: use that of the wider scope')
    .action(
      async (
        key: string,
        value: string | undefined,
        options: { scope: 'system' | 'organization' | 'user'; of?: string; inherit?: boolean },
        command: Command,
      ) => {
        const { server, out } = begin(command)
        if ((value === undefined) !== (options.inherit === true))
          throw new CommandFailed('Give a value, or --inherit.', 2)
        const body: ApiInput<'PATCH /api/settings'>['body'] = {
          scope: options.scope,
          ...(options.of !== undefined && { of: options.of }),
          ...(value === undefined ? { inherit: [key] } : { set: { [key]: value } }),
        }
        const answer = await server.call('PATCH /api/settings', { body })
        const field = answer.form.sections.flatMap((section) => section.fields).find((one) => one.key === key)
        out.facts(
          { key, value: field?.value ?? null, from: field?.inForce.from ?? null, notes: answer.notes },
          () =>
            [
              `${key} is now ${field?.inForce.text ?? value ?? ''} (${field?.inForce.from ?? options.scope}).`,
              ...answer.notes,
            ].join('\n'),
        )
      },
    )
}

async function explained(
  server: Connection,
  key: string | undefined,
  user: string | undefined,
): Promise<readonly Explained[]> {
  const { items } = await server.call('GET /api/settings/explain', {
    query: { ...(key !== undefined && { key }), ...(user !== undefined && { user }) },
  })
  if (key !== undefined && items.length === 0)
    throw new CommandFailed(`There is no setting ${key}. "syncline config explain" lists all.`, 2)
  return items
}

function addConnect(program: Command): void {
  program
    .command('connect')
    .description(
      'connect a mailbox: with application access at once, else through an address to open in a browser',
    )
    .argument('<address>', 'of the mailbox')
    .option('--shared', 'a shared mailbox')
    .action(async (address: string, options: { shared?: boolean }, command: Command) => {
      const { server, out } = begin(command)
      const { items } = await server.call('GET /api/settings/explain', {
        query: { key: 'application.access' },
      })
      if (items[0]?.value === 'application') {
        const mailbox = await server.call('POST /api/mailboxes', {
          body: { address, kind: options.shared === true ? 'shared' : 'user' },
        })
        out.facts(
          mailbox,
          () => `Connected ${mailbox.address} (${mailbox.displayName}). Its first sync begins.`,
        )
        return
      }
      const { url } = await server.call('POST /api/connect', { body: { loginHint: address } })
      out.facts({ url }, () => `Open this address in a browser and sign in as ${address}:\n${url}`)
      process.exitCode = NEEDS_PERSON
    })
}

const EXPORTS = ['contacts', 'accounts', 'leads', 'cases', 'history'] as const
const KIND = { contacts: 'contact', accounts: 'account', leads: 'lead', cases: 'case' } as const

function addExport(program: Command): void {
  program
    .command('export')
    .description('write records or the history to a file')
    .addArgument(program.createArgument('<what>', 'what to export').choices(EXPORTS))
    .option('-o, --output <file>', 'left out: stdout')
    .addOption(
      new Option('-f, --format <format>', 'csv; vcard for contacts, json for the history')
        .choices(['csv', 'vcard', 'json'])
        .default('csv'),
    )
    .action(
      async (
        what: (typeof EXPORTS)[number],
        options: { output?: string; format: 'csv' | 'vcard' | 'json' } & Common,
        command: Command,
      ) => {
        if (
          (options.format === 'vcard' && what !== 'contacts') ||
          (options.format === 'json' && what !== 'history')
        )
          throw new CommandFailed(`${what} cannot be exported as ${options.format}.`, 2)
        const { server, out } = begin(command)
        const path = what === 'history' ? '/api/history/export' : `/api/records/${KIND[what]}/export`
        const content = await server.download(`${path}?format=${options.format}`)
        if (options.output === undefined) {
          process.stdout.write(content)
          return
        }
        writeFileSync(options.output, content)
        out.facts(
          { file: options.output, bytes: Buffer.byteLength(content) },
          () => `Wrote ${options.output ?? ''} (${Buffer.byteLength(content)} bytes).`,
        )
      },
    )
}
