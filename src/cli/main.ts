import { Command, CommanderError, Option } from 'commander'
import { version } from '../app.ts'
import { FolderInUse } from '../store/folder-lock.ts'
import { CommandFailed } from './client.ts'
import { OPTIONS, WrongUsage, type OptionName } from './configuration.ts'
import { addOtherCommands } from './other-commands.ts'
import { colors } from './output.ts'
import { migrateOnly, start } from './start.ts'
import { addSyncCommands } from './sync-commands.ts'

/** `syncline`: the product's command line. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 needs a person. */
const EXAMPLES = `
Examples:
  syncline start                               run the product (with the demo company when nothing is configured)
  syncline status                              is everything in sync, and as of when?
  syncline sync anna@contoso.example           sync one mailbox now, and wait
  syncline plan anna@contoso.example calendar  what would the next run do? (writes nothing)
  syncline apply RUN                           carry out exactly that plan
  syncline undo RUN                            take a run back, on both sides
  syncline conflicts                           what waits for a decision
  syncline config explain calendar.direction   the value in force, and who set it
  syncline doctor                              test the set-up step by step

With --json each command prints one JSON document and nothing else.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 needs a person.
The server is found through the data folder (--data), or named with --server and --token.`

function makeProgram(): Command {
  const program = new Command('syncline')
    .description("Keeps a company's CRM in step with Microsoft 365, both ways.")
    .version(version())
    .option('--json', 'print facts for programs')
    .option('--data <folder>', OPTIONS.data.help)
    .addOption(new Option('--server <address>', 'another server (SYNCLINE_SERVER)'))
    .addOption(new Option('--token <token>', 'its API token (SYNCLINE_TOKEN)'))
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(--help shows how it is meant)')
    .exitOverride()
  addStart(program)
  addSyncCommands(program)
  addOtherCommands(program)
  program
    .command('migrate')
    .description('bring the database up to date without starting the product (start does it by itself)')
    .action(async (_options, command: Command) => migrateOnly(command.optsWithGlobals()))
  // Options that all commands share may stand behind the command, too, where people write them.
  for (const command of everyCommand(program)) {
    if (command === program) continue
    command.exitOverride()
    for (const name of ['--json', '--data <folder>', '--server <address>', '--token <token>'] as const)
      if (!command.options.some((option) => name.startsWith(option.long ?? ' ')))
        command.addOption(new Option(name).hideHelp())
  }
  return program
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap((child) => everyCommand(child as Command))]
}

function addStart(program: Command): void {
  const command = program
    .command('start')
    .description('run the product: the sync, its API and the back-office')
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const { flag, env, help } = OPTIONS[name]
    const preset: unknown = OPTIONS[name].default
    if (flag === null || name === 'data') continue
    if (name === 'demo') command.option('--no-demo', `${OPTIONS.demo.help} (${env})`)
    else command.addOption(new Option(`--${flag} <value>`, `${help} (${env}, default ${String(preset)})`))
  }
  command.action(async (_options, child: Command) => {
    const given = child.optsWithGlobals<Record<string, string | boolean | undefined>>()
    // Commander says `demo: true` by itself; only a spoken --no-demo is a flag.
    const flags = { ...given, demo: child.getOptionValueSource('demo') === 'cli' ? given['demo'] : undefined }
    await start(flags, given['json'] === true)
  })
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const asJson = process.argv.includes('--json')
  const isKnown =
    error instanceof CommandFailed || error instanceof WrongUsage || error instanceof FolderInUse
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof CommandFailed ? error.code : error instanceof WrongUsage ? 2 : 1
  const problem = error instanceof CommandFailed ? error.problem : null
  if (asJson)
    process.stderr.write(
      `${JSON.stringify({ error: message, code, ...(problem !== null && { problem }) })}\n`,
    )
  else process.stderr.write(`${colors.red('✗')} ${message}\n`)
  if (!isKnown && !asJson && process.env.SYNCLINE_LOG_LEVEL === 'debug') console.error(error)
  return code
}

try {
  await makeProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
