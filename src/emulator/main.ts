/** The emulator as a program: `--port N --seed NAME --state FILE --json`. */
import { parseArgs } from 'node:util'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createEmulator } from './emulator.ts'
import { keepState, listenAgain, portOf, readState } from './state-file.ts'

/** Runs until a signal ends it. Resolves when it listens; exits with 2 when the options are wrong. */
export async function runEmulator(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: process.env['SYNCLINE_EMULATOR_PORT'] ?? '0' },
      seed: { type: 'string', default: process.env['SYNCLINE_EMULATOR_SEED'] ?? 'demo' },
      state: { type: 'string', default: process.env['SYNCLINE_EMULATOR_STATE'] ?? '' },
      json: { type: 'boolean', default: false },
    },
  })

  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    process.stderr.write(`'${values.port}' is no port: give a number from 0 (any free one) to 65535.\n`)
    process.exit(2)
  }

  let before: ReturnType<typeof readState>
  try {
    before = values.state === '' ? null : readState(values.state)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
  const emulator = createEmulator(before === null ? { seed: values.seed } : { saved: before.world })
  // Links that clients keep hold the port: the one of last time is taken again when any will do.
  const listening = await listenAgain(emulator, port === 0 ? (before?.port ?? 0) : port, port)
  const kept = values.state === '' ? null : keepState(emulator, values.state, portOf(listening.url))
  const { info } = emulator
  if (values.json) {
    // The object by its name, and its fields for those who look for them at the top.
    process.stdout.write(`${JSON.stringify({ ready: true, microsoft: info, ...info })}\n`)
  } else {
    const people = info.users.map((user) => `    ${user.userPrincipalName}`).join('\n')
    process.stdout.write(
      `Emulated Microsoft 365\n  Graph          ${info.graph}\n  Sign-in        ${info.login}/${info.tenantId}/oauth2/v2.0/\n  Control        ${info.control}/\n  Tenant id      ${info.tenantId}\n  Client id      ${info.clientId}\n  Client secret  ${info.clientSecret}\n  People\n${people}\n`,
    )
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      kept?.close()
      void listening.close().then(() => process.exit(0))
    })
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await runEmulator(process.argv.slice(2))
