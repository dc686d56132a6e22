/** The emulator as a program: `--port N --seed NAME --json`. */
import { parseArgs } from 'node:util'
import { createEmulator } from './emulator.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env['SYNCLINE_EMULATOR_PORT'] ?? '0' },
    seed: { type: 'string', default: process.env['SYNCLINE_EMULATOR_SEED'] ?? 'demo' },
    json: { type: 'boolean', default: false },
  },
})

const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(`'${values.port}' is no port: give a number from 0 (any free one) to 65535.\n`)
  process.exit(2)
}

const emulator = createEmulator({ seed: values.seed })
const listening = await emulator.listen(port)
const { info } = emulator
if (values.json) {
  process.stdout.write(`${JSON.stringify(info)}\n`)
} else {
  const people = info.users.map((user) => `    ${user.userPrincipalName}`).join('\n')
  process.stdout.write(
    `Emulated Microsoft 365\n  Graph          ${info.graph}\n  Sign-in        ${info.login}/${info.tenantId}/oauth2/v2.0/\n  Control        ${info.control}/\n  Tenant id      ${info.tenantId}\n  Client id      ${info.clientId}\n  Client secret  ${info.clientSecret}\n  People\n${people}\n`,
  )
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void listening.close().then(() => process.exit(0))
  })
