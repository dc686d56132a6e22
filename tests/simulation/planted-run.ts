import { fork } from 'node:child_process'
import { join } from 'node:path'
import { PLANTED, type Planted } from './planted.ts'
import type { Failure, Tally } from './tally.ts'

/** `--planted`: each bug is played, in a process of its own that has it, until the oracle notices. */

/** A bug counts as caught when it is noticed within so many worlds. */
export const PLANTED_SEEDS = 1_000

/** Of those known to be noticed, so many worlds from the known one on. */
const WORLDS_AROUND = 20

interface Caught {
  readonly bug: Planted
  /** The invariant that was violated; null when nothing was noticed. */
  readonly by: string | null
  readonly seed: string
  readonly says: string
  readonly seconds: number
}

/** Plays the bugs named (`all`; `known`: from the world on in which each is known to be noticed) and prints a row for each. True when all were caught. */
export async function playPlanted(name: string, seeds: number, from: number, jobs: number): Promise<boolean> {
  const bugs = PLANTED.filter(
    (bug) => name === 'all' || bug.name === name || (name === 'known' && bug.known !== undefined),
  )
  if (bugs.length === 0) {
    console.error(
      `There is no planted bug "${name}". There are: ${PLANTED.map((bug) => bug.name).join(', ')}.`,
    )
    return false
  }
  const left = [...bugs]
  const done: Caught[] = []
  console.log(row('bug', 'layer', 'caught by', 'world', 'seconds'))
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
        const caught =
          name === 'known'
            ? await playOne(bug, WORLDS_AROUND, bug.known ?? 0)
            : await playOne(bug, seeds, from)
        done.push(caught)
        console.log(
          row(
            bug.name,
            bug.layer,
            caught.by ?? 'NOT CAUGHT',
            caught.by === null ? `none of ${seeds}` : caught.seed,
            caught.seconds.toFixed(1),
          ),
        )
        if (bugs.length === 1 && caught.by !== null) console.log(`${bug.says}: ${caught.says}`)
      }
    }),
  )
  const worlds = done
    .filter(({ by }) => by !== null)
    .map(({ seed }) => Number(seed) - (name === 'known' ? 0 : from) + 1)
    .sort((a, b) => a - b)
  const median = worlds[Math.floor((worlds.length - 1) / 2)] ?? 0
  const missed = done.filter(({ by }) => by === null)
  console.log(
    `${worlds.length} of ${done.length} planted bugs caught${name === 'known' ? '' : ` within ${seeds} worlds each`}; half of them within ${median}.`,
  )
  for (const { bug } of missed) console.error(`Not caught: ${bug.name} (${bug.says}).`)
  return missed.length === 0
}

const row = (...cells: readonly string[]): string =>
  cells.map((cell, n) => cell.padEnd([30, 9, 12, 14, 8][n] ?? 0)).join('')

function playOne(bug: Planted, seeds: number, from: number): Promise<Caught> {
  const began = performance.now()
  const args = ['--layer', bug.layer, '--seeds', String(seeds), '--from', String(from)]
  const child = fork(
    join(import.meta.dirname, 'main.ts'),
    [...args, '--jobs', '1', '--share', '0', '--stop'],
    {
      serialization: 'advanced',
      execArgv: [...process.execArgv, '--import', join(import.meta.dirname, 'plant.ts')],
      env: { ...process.env, SYNCLINE_PLANTED: bug.name },
    },
  )
  return new Promise((resolve, reject) => {
    let tally: Tally | undefined
    let failure: Failure | undefined
    child.on('message', (message: { tally?: Tally; failure?: Failure }) => {
      tally = message.tally ?? tally
      failure ??= message.failure
    })
    child.on('exit', (code) => {
      if (tally === undefined) {
        reject(new Error(`The process that played "${bug.name}" ended with ${code}.`))
        return
      }
      resolve({
        bug,
        by: failure?.violation.invariant ?? null,
        seed: failure?.seed ?? '',
        says: failure?.violation.says ?? '',
        seconds: (performance.now() - began) / 1000,
      })
    })
  })
}
