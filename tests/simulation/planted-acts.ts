import type { Planted } from './planted.ts'

/** Mistakes in what people ask of the engine: undoing, restoring, answering; and in keeping two mailboxes apart. */
export const ACTS_BUGS: readonly Planted[] = [
  {
    name: 'undo-overwrites',
    says: 'an undo does not look at what was changed in the CRM since',
    layer: 'acts',
    known: 48,
    edits: [
      {
        file: 'src/engine/undo.ts',
        text: `    if (touched || !holds(now, after)) {`,
        instead: `    if (touched && !holds(now, after)) {`,
      },
    ],
  },
  {
    name: 'undo-blind-to-exceptions',
    says: 'an undo deletes a record of which an occurrence was changed since',
    layer: 'acts',
    known: 566,
    edits: [
      {
        file: 'src/engine/undo.ts',
        text: `  if (record.deletedAt !== null || !isOurs || !holds(record.fields, after)) return CHANGED`,
        instead: `  if (record.deletedAt !== null || (!isOurs && false) || !holds(record.fields, after)) return CHANGED`,
      },
    ],
  },
  {
    name: 'undo-one-sided',
    says: 'an undo goes back in the CRM only',
    layer: 'acts',
    known: 9,
    edits: [
      {
        file: 'src/engine/impose.ts',
        text: `  const toMailbox = differing(values, mailboxBase)`,
        instead: `  const toMailbox = rule === 'R38' ? {} : differing(values, mailboxBase)`,
      },
    ],
  },
  {
    name: 'answer-undone-alone',
    says: 'an answer to an invitation is undone, though Microsoft cannot take it back',
    layer: 'acts',
    known: 215,
    edits: [
      {
        file: 'src/engine/impose.ts',
        text: `  if (groups.some((group) => parseGroup(group).name === 'answer' && fields[group] === 'none'))`,
        instead: `  if (groups.some((group) => parseGroup(group).name === '' && fields[group] === 'none'))`,
      },
    ],
  },
  {
    name: 'answer-told-twice',
    says: 'an answer to an invitation is sent again at once when its own answer was lost',
    layer: 'acts',
    known: 570,
    edits: [
      {
        file: 'src/connectors/graph/calendar-push.ts',
        text: `    const trouble = action === null ? null : writeTrouble(await ask(action))`,
        instead: `    let told = action === null ? null : await ask(action)
    if (action !== null && told?.kind === 'lost') told = await ask(action)
    const trouble = told === null ? null : writeTrouble(told)`,
      },
    ],
  },
  {
    name: 'meeting-made-ours',
    says: 'a meeting of somebody else whose record is restored is made anew as one’s own',
    layer: 'acts',
    known: 40,
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `    if (isTheirs(input, input.crm)) {`,
        instead: `    if (isTheirs(input, input.crm) && !input.repair) {`,
      },
    ],
  },
  {
    name: 'mailboxes-mixed',
    says: 'the feed of a mailbox brings the records of all, which are made in its own calendar',
    layer: 'acts',
    known: 0,
    edits: [
      {
        file: 'src/store/memory-store.ts',
        text: `      if (!link && (!containers.has(stored.row.container) || stored.row.deletedAt !== null)) continue`,
        instead: `      if (!link && stored.row.deletedAt !== null) continue`,
      },
      {
        file: 'src/engine/feed.ts',
        text: `      link === null ? pass.collectionOf(record.container) : (pass`,
        instead: `      link === null ? (pass.selected[0] ?? null) : (pass`,
      },
    ],
  },
]
