import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge']
const VERSION_TIMEOUT_MS = 20_000

/** A Chromium that starts: the one named by `SYNCLINE_CHROMIUM`, the system's, else the one that npm brought. */
export async function findChromium(): Promise<{ readonly path: string | null; readonly words: string }> {
  const named = process.env.SYNCLINE_CHROMIUM
  const inPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  for (const path of [...(named ? [named] : []), ...inPath]) {
    if (!existsSync(path)) continue
    const version = await versionOf(path)
    if (version !== null) return { path, words: `${version} (${path})` }
  }
  try {
    const { default: bundled } = await import('@sparticuz/chromium')
    const path = await bundled.executablePath()
    const version = await versionOf(path)
    if (version !== null) return { path, words: `${version} (from npm)` }
  } catch {
    // Not for this platform, or its libraries are missing: then there is none.
  }
  return { path: null, words: 'none found (apt-get install chromium); the browser tests are skipped' }
}

async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version', '--no-sandbox'], {
      timeout: VERSION_TIMEOUT_MS,
    })
    return stdout.trim() || null
  } catch {
    return null
  }
}
