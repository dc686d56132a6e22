import colors from 'picocolors'

/** What a person reads. With `--json` the same facts are one JSON document on stdout, and nothing else is. */
export interface Output {
  readonly json: boolean
  /** The facts of the command: for machines as they are, for people through `words`. */
  readonly facts: (facts: unknown, words: () => string) => void
  /** Something on the way; never on stdout with `--json`. */
  readonly note: (line: string) => void
}

export function makeOutput(json: boolean): Output {
  return {
    json,
    facts: (facts, words) => process.stdout.write(`${json ? JSON.stringify(facts) : words()}\n`),
    note: (line) => {
      if (!json) process.stderr.write(`${line}\n`)
    },
  }
}

const visibleLength = (text: string): number => text.replace(/\u001b\[\d+m/g, '').length

/** Columns as wide as their longest entry; nothing is cut. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => visibleLength(row[i] ?? ''))),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - visibleLength(cell))))
      .join('  ')
      .trimEnd()
  return [colors.dim(line(head)), ...rows.map(line)].join('\n')
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** "2 minutes ago"; "never" for null. */
export function ago(instant: string | null, now: number = Date.now()): string {
  if (instant === null) return 'never'
  const seconds = Math.round((Date.parse(instant) - now) / 1000)
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const)
  return relative.format(Math.round(seconds / size), unit)
}

export const HEALTH = {
  proven: colors.green('✓ in sync'),
  working: colors.blue('… working'),
  late: colors.yellow('! late'),
  'needs-person': colors.red('✗ needs a person'),
  held: colors.magenta('‖ held'),
  paused: colors.yellow('‖ paused'),
  off: colors.dim('– off'),
} as const

export const CHANNEL = { calendar: 'Calendar', tasks: 'Tasks', email: 'Email' } as const
export const SIDE = { crm: 'CRM', mailbox: 'Microsoft' } as const
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
export { default as colors } from 'picocolors'
