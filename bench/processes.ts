/** The processes of a benchmark: the emulator as a program, and a worker that is told what to do over IPC. */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { MicrosoftInfo } from '../src/emulator/emulator.ts'

export interface EmulatorProcess {
  readonly microsoft: MicrosoftInfo
  /** What a person does in Outlook or To Do. */
  act<T>(person: string, method: string, path: string, body?: unknown): Promise<T>
  end(): Promise<void>
}

export async function startEmulator(seed: string): Promise<EmulatorProcess> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../src/emulator/main.ts'), '--port', '0', '--seed', seed, '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const microsoft = JSON.parse(await firstLine(child)) as MicrosoftInfo
  return {
    microsoft,
    act: async <T>(person: string, method: string, path: string, body?: unknown) => {
      const response = await fetch(`${microsoft.control}/act`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ person, method, path, body }),
      })
      const told = (await response.json()) as { readonly status: number; readonly body: T }
      if (told.status >= 400) throw new Error(`${method} ${path} was refused: ${JSON.stringify(told.body)}`)
      return told.body
    },
    end: () => gone(child),
  }
}

export interface Worker<Ask, Told> {
  ask(what: Ask): Promise<Told>
  end(): Promise<void>
}

export function startWorker<Ask extends object, Told extends object>(file: string): Worker<Ask, Told> {
  const child = fork(join(import.meta.dirname, file))
  return {
    ask: (what) =>
      new Promise((resolve, reject) => {
        child.once('message', (told: Told | { readonly failed: string }) =>
          'failed' in told ? reject(new Error(told.failed)) : resolve(told),
        )
        child.send(what)
      }),
    end: () => gone(child),
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The emulator has no output to read.')
  const lines = createInterface({ input: child.stdout })
  return new Promise((resolve, reject) => {
    lines.once('line', resolve)
    child.once('exit', (code) => reject(new Error(`The emulator ended with ${code} before it was ready.`)))
  })
}

const gone = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
