/** Links in the documentation lead somewhere: to a file that is there, and to a heading that it has. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const IGNORED = new Set(['node_modules', 'dist', 'data', '.git', '.cache', 'screenshots', 'coverage'])

function markdownFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return markdownFiles(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

const withoutCode = (text: string): string => text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '')

/** GitHub's way to make an anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')

const anchorsOf = (path: string): ReadonlySet<string> =>
  new Set(
    [
      ...readFileSync(path, 'utf8')
        .replace(/```[\s\S]*?```/g, '')
        .matchAll(/^#{1,6}\s+(.+)$/gm),
    ].map((match) => anchor((match[1] ?? '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))),
  )

const problems: string[] = []
const files = markdownFiles(root)
for (const file of files) {
  const text = withoutCode(readFileSync(file, 'utf8'))
  for (const match of text.matchAll(/!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
    const target = match[1] ?? ''
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue
    const [path = '', fragment] = target.split('#')
    const full = path === '' ? file : resolve(dirname(file), decodeURIComponent(path))
    const place = `${relative(root, file)}: ${target}`
    if (!existsSync(full)) problems.push(`${place} is not there`)
    else if (
      fragment !== undefined &&
      statSync(full).isFile() &&
      full.endsWith('.md') &&
      !anchorsOf(full).has(fragment)
    )
      problems.push(`${place}: no such heading`)
  }
}
if (files.length === 0) problems.push('No documentation was found: the check would pass for nothing.')
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`Links in ${files.length} documents lead somewhere.`)
process.exitCode = problems.length === 0 ? 0 : 1
