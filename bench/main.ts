/**
 * `npm run bench -- NAME [--n N] [--json]`: one benchmark, a line for each figure. Speed lives here, never in tests.
 * A benchmark is a file beside this one that exports `run`.
 */
import { parseArgs } from 'node:util'

export interface Figure {
  readonly bench: string
  readonly case: string
  readonly n: number
  readonly metric: string
  readonly value: number
  readonly unit: string
}
export type Emit = (figure: Omit<Figure, 'bench'>) => void
export interface BenchOptions {
  /** One size instead of all. */
  readonly n?: number
  readonly say: (line: string) => void
}
interface Benchmark {
  readonly run: (options: BenchOptions, emit: Emit) => Promise<void>
}

const BENCHES = ['emulator', 'sync', 'mail', 'web', 'scale', 'store-floor']

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    n: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const name = positionals[0]
const n = values.n === undefined ? undefined : Number(values.n)
if (
  values.help ||
  name === undefined ||
  !BENCHES.includes(name) ||
  (n !== undefined && !(Number.isInteger(n) && n > 0))
) {
  console.error(
    `Usage: npm run bench -- NAME [--n N] [--json]\nNAME is one of: ${BENCHES.join(', ')}. N is a whole number of items; without it all sizes run.`,
  )
  process.exit(values.help ? 0 : 2)
}

const say = (line: string): void => console.error(line)
const { run } = (await import(new URL(`./${name}.ts`, import.meta.url).href)) as Benchmark
await run({ say, ...(n === undefined ? {} : { n }) }, (figure) => {
  const row: Figure = { bench: name, ...figure }
  console.log(
    values.json
      ? JSON.stringify(row)
      : `${row.case.padEnd(24)} n=${String(row.n).padEnd(7)} ${row.metric.padEnd(24)} ${format(row.value)} ${row.unit}`,
  )
})
process.exit(0)

function format(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-GB') : value.toPrecision(4)
}
