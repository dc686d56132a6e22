/**
 * Loaded into a process before anything of the product (`--import`): plants the bug that `SYNCLINE_PLANTED` names by
 * replacing exact pieces of source while the files are loaded. The product itself knows nothing of this.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { PLANTED, ROOT, withBug } from './planted.ts'

const bug = PLANTED.find((each) => each.name === process.env['SYNCLINE_PLANTED'])
if (bug === undefined) throw new Error(`There is no planted bug "${process.env['SYNCLINE_PLANTED']}".`)
const files = new Set(bug.edits.map(({ file }) => pathToFileURL(join(ROOT, file)).href))

registerHooks({
  load(url, context, nextLoad) {
    if (!files.has(url)) return nextLoad(url, context)
    const path = fileURLToPath(url)
    return {
      format: 'module-typescript',
      shortCircuit: true,
      source: withBug(bug, path.slice(ROOT.length + 1), readFileSync(path, 'utf8')),
    }
  },
})
