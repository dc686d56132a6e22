import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * Making an empty PostgreSQL takes the embedded one 4 to 8 seconds, copying one takes 0.1. So the first empty folder
 * that is made on an installation is kept as a template, named by the version that made it.
 */
export async function restoreTemplate(
  folder: string,
  templates: string | null,
  makeEmpty: (folder: string) => Promise<void>,
): Promise<void> {
  const template = templates === null ? null : join(templates, `postgres-${engineVersion()}`)
  if (template === null || !(await ensureTemplate(template, makeEmpty))) {
    await makeEmpty(folder)
    return
  }
  const unfinished = `${folder}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  cpSync(template, unfinished, { recursive: true, preserveTimestamps: true })
  renameSync(unfinished, folder)
}

/** False where the installation may not be written to: then there is no template, and nothing is lost but time. */
async function ensureTemplate(
  template: string,
  makeEmpty: (folder: string) => Promise<void>,
): Promise<boolean> {
  if (existsSync(template)) return true
  let unfinished: string
  try {
    mkdirSync(join(template, '..'), { recursive: true })
    unfinished = mkdtempSync(`${template}-`)
  } catch {
    return false
  }
  try {
    const folder = join(unfinished, 'folder')
    await makeEmpty(folder)
    // Two first starts at once each make one; the first to arrive is kept.
    if (!existsSync(template)) renameSync(folder, template)
    return true
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function engineVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const description = JSON.parse(readFileSync(join(entry, '..', '..', 'package.json'), 'utf8')) as {
    version: string
  }
  return description.version
}
