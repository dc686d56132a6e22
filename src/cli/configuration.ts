import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'

/**
 * How a process of the product is started: what it listens on, where its data is, where Microsoft is. Everything that
 * people decide about the sync itself is in the settings (core/settings.ts), not here.
 */
export type OptionSource = 'flag' | 'environment' | '.env' | 'default'

interface OptionDescription<T> {
  /** Without the two hyphens; null where a flag would show a secret in the list of processes. */
  readonly flag: string | null
  readonly env: string
  readonly default: T
  readonly help: string
  readonly parse: (text: string) => T
  readonly secret?: true
}
const option = <T>(description: OptionDescription<T>): OptionDescription<T> => description

/** A value that cannot be used; the message says which one, where it came from and what would do. */
export class WrongUsage extends Error {}

const text = (value: string): string => value
const flag = (value: string): boolean => {
  if (['1', 'true', 'yes', 'on', ''].includes(value.toLowerCase())) return true
  if (['0', 'false', 'no', 'off'].includes(value.toLowerCase())) return false
  throw new Error('say on or off')
}
const port = (value: string): number => {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number > 65_535) throw new Error('give a port from 0 (any free one) to 65535')
  return number
}
/** Plain http only where nobody listens on the line: this machine. */
const endpoint = (value: string): string => {
  if (value === '') return ''
  let url: URL
  try {
    url = new URL(value)
  } catch {
    throw new Error('give an address such as https://graph.microsoft.com/v1.0')
  }
  const loopback = ['localhost', '[::1]'].includes(url.hostname) || /^127\./.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    throw new Error('plain http is accepted for loopback addresses only; give an https address')
  return value.replace(/\/+$/, '')
}
const oneOf =
  <const V extends string>(...values: readonly V[]) =>
  (value: string): V => {
    const found = values.find((one) => one === value)
    if (found === undefined) throw new Error(`give one of: ${values.join(', ')}`)
    return found
  }

export const OPTIONS = {
  port: option({
    flag: 'port',
    env: 'SYNCLINE_PORT',
    default: 4310,
    help: 'port of the back-office and its API; 0 means any free one',
    parse: port,
  }),
  host: option({
    flag: 'host',
    env: 'SYNCLINE_HOST',
    default: '127.0.0.1',
    help: 'address to listen on; 0.0.0.0 to be reachable from other machines',
    parse: text,
  }),
  emulatorPort: option({
    flag: 'emulator-port',
    env: 'SYNCLINE_EMULATOR_PORT',
    default: 4320,
    help: 'port of the Microsoft 365 emulator that the demo starts; 0 means any free one',
    parse: port,
  }),
  data: option({
    flag: 'data',
    env: 'SYNCLINE_DATA',
    default: './data',
    help: 'folder of all data: database, keys, the token of the command line',
    parse: text,
  }),
  demo: option({
    flag: 'demo',
    env: 'SYNCLINE_DEMO',
    default: true,
    help: 'with no Microsoft tenant configured, start the emulator and the demo company (--no-demo to start empty)',
    parse: flag,
  }),
  databaseUrl: option({
    flag: null,
    env: 'DATABASE_URL',
    default: '',
    help: 'a PostgreSQL server (15 or newer) instead of the embedded database',
    parse: text,
    secret: true,
  }),
  microsoftGraph: option({
    flag: null,
    env: 'SYNCLINE_MICROSOFT_GRAPH',
    default: '',
    help: 'address of Microsoft Graph with its version, instead of the national cloud’s own',
    parse: endpoint,
  }),
  microsoftLogin: option({
    flag: null,
    env: 'SYNCLINE_MICROSOFT_LOGIN',
    default: '',
    help: 'address of Microsoft’s sign-in, instead of the national cloud’s own',
    parse: endpoint,
  }),
  encryptionKey: option({
    flag: null,
    env: 'SYNCLINE_SECRET_KEY',
    default: '',
    help: '32 bytes in base64 or hex that encrypt the stored secrets (new,old to change it); left out, a key file is made in the data folder',
    parse: text,
    secret: true,
  }),
  trustProxy: option({
    flag: null,
    env: 'SYNCLINE_TRUST_PROXY',
    default: false,
    help: 'a reverse proxy in front tells the real address of callers (X-Forwarded-For)',
    parse: flag,
  }),
  logLevel: option({
    flag: 'log-level',
    env: 'SYNCLINE_LOG_LEVEL',
    default: 'warn' as 'silent' | 'error' | 'warn' | 'info' | 'debug',
    help: 'how much is logged to stderr: silent, error, warn, info, debug',
    parse: oneOf('silent', 'error', 'warn', 'info', 'debug'),
  }),
} as const

export type OptionName = keyof typeof OPTIONS
export type Configuration = { readonly [N in OptionName]: (typeof OPTIONS)[N]['default'] }

export interface ReadConfiguration {
  readonly values: Configuration
  readonly sources: { readonly [N in OptionName]: OptionSource }
}

/** Flags win over the environment, the environment over `.env` in the folder one stands in, that over the defaults. */
export function readConfiguration(
  flags: { readonly [name: string]: string | boolean | undefined },
  environment: { readonly [name: string]: string | undefined } = process.env,
  folder: string = process.cwd(),
): ReadConfiguration {
  const file = readEnvFile(join(folder, '.env'))
  const values: { [name: string]: unknown } = {}
  const sources: { [name: string]: OptionSource } = {}
  for (const [name, description] of Object.entries(OPTIONS)) {
    const { flag: flagName, env, parse } = description as OptionDescription<unknown>
    const fromFlag = flagName === null ? undefined : flags[name]
    const [source, given] =
      fromFlag !== undefined
        ? (['flag', String(fromFlag)] as const)
        : environment[env] !== undefined
          ? (['environment', environment[env]] as const)
          : file[env] !== undefined
            ? (['.env', file[env]] as const)
            : (['default', undefined] as const)
    sources[name] = source
    if (given === undefined) {
      values[name] = description.default
      continue
    }
    try {
      values[name] = parse(given)
    } catch (error) {
      const where = source === 'flag' ? `--${flagName}` : `${env} (${source})`
      const shown = description.secret === true ? '' : ` is ${JSON.stringify(given)}`
      throw new WrongUsage(`${where}${shown}: ${error instanceof Error ? error.message : String(error)}.`)
    }
  }
  return {
    values: { ...(values as Configuration), data: resolve(folder, String(values.data)) },
    sources: sources as ReadConfiguration['sources'],
  }
}

function readEnvFile(path: string): { readonly [name: string]: string | undefined } {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new WrongUsage(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`)
  }
}
