import type { Planted } from './planted.ts'

/** Mistakes in how messages are read, moved and found again. */
export const MAIL_BUGS: readonly Planted[] = [
  {
    name: 'comes-back-where-it-was',
    says: 'a message that was moved while its record was deleted comes back in its old folder',
    layer: 'mail',
    known: 1,
    edits: [
      {
        file: 'src/engine/follow.ts',
        text: `    : { container: collection.container }`,
        instead: `    : collection.container === '' ? { container: '' } : {}`,
      },
    ],
  },
  {
    name: 'removed-is-believed',
    says: 'a message that we deleted and somebody took back is believed to be gone, because only its removal is told',
    layer: 'mail',
    known: 292,
    edits: [
      {
        file: 'src/engine/pull.ts',
        text: `    return pass.kind === 'message' ? link.collection === row.id : pair.record?.deletedAt === null`,
        instead: `    return pair.record?.deletedAt === null`,
      },
    ],
  },
  {
    name: 'left-alone-is-forgotten',
    says: 'an item whose deletion left its record to itself is forgotten, and new when it comes back',
    layer: 'mail',
    known: 207,
    edits: [
      {
        file: 'src/engine/consider.ts',
        text: `      if (plan.rule === 'R21') {`,
        instead: `      if (plan.rule === 'R21' && link.state === 'parked') {`,
      },
    ],
  },
  {
    name: 'looked-up-in-the-old-folder',
    says: 'a message whose move was not answered counts as lying where it lay',
    layer: 'mail',
    known: 7003,
    edits: [
      {
        file: 'src/connectors/graph/mail-push.ts',
        text: `  const lies = { ...item, fields: { ...item.fields, folder: home.id } }`,
        instead: `  const lies = { ...item, fields: { ...item.fields } }`,
      },
    ],
  },
  {
    name: 'thrown-away-is-moved',
    says: 'a message in Deleted Items counts as moved out of what is in step',
    layer: 'mail',
    known: 0,
    edits: [
      {
        file: 'src/engine/probe.ts',
        text: `(row) => row.externalId === externalId && row.wellKnown === 'deleteditems'`,
        instead: `(row) => row.externalId === externalId && row.wellKnown === 'nowhere'`,
      },
    ],
  },
  {
    name: 'waiting-deletion-forgotten',
    says: 'a deletion that waits is dropped when its record is saved again',
    layer: 'mail',
    known: 282,
    edits: [
      {
        file: 'src/engine/consider.ts',
        text: `  const isOld = seen.is === 'unseen' || (seen.is === 'item' && !subject.confirmed)`,
        instead: `  const isOld = seen.is === 'item' && !subject.confirmed`,
      },
    ],
  },
  {
    name: 'moved-without-its-marks',
    says: 'a message that is moved in the CRM is moved in Outlook, and what was marked meanwhile is not written',
    layer: 'mail',
    known: 1,
    edits: [
      {
        file: 'src/connectors/graph/mail-push.ts',
        text: `  if (Object.keys(body).length > 0) {`,
        instead: `  if (Object.keys(body).length > 0 && !leaves) {`,
      },
    ],
  },
]
