import type { Planted } from './planted.ts'

/** Mistakes in what is decided. */
export const CORE_BUGS: readonly Planted[] = [
  {
    name: 'whole-item-wins',
    says: 'when both sides changed an item, the mailbox wins all of it, not group by group',
    layer: 'engine',
    known: 0,
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `    const by = slot === null || name === 'cancelled' ? undefined : takenOut.get(slot)\n`,
        instead: `    const by = slot === null || name === 'cancelled' ? undefined : takenOut.get(slot)
    if (each.change === 'ours' && toCrm && changes.some((other) => other.change === 'theirs')) {
      draft.toCrm(each, rule)
      continue
    }\n`,
      },
    ],
  },
  {
    name: 'deletion-beats-edit',
    says: 'deleted in Microsoft 365 wins over an edit in the CRM',
    layer: 'engine',
    known: 1,
    edits: [
      {
        file: 'src/core/reconcile.ts',
        text: `deleted: { rule: 'R6', do: 'copy', to: 'mailbox' }`,
        instead: `deleted: { rule: 'R3', do: 'delete', from: 'crm' }`,
      },
    ],
  },
  {
    name: 'crm-deletion-beats-edit',
    says: 'deleted in the CRM wins over an edit in Microsoft 365',
    layer: 'engine',
    known: 11,
    edits: [
      {
        file: 'src/core/reconcile.ts',
        text: `modified: { rule: 'R8', do: 'copy', to: 'crm' }`,
        instead: `modified: { rule: 'R7', do: 'delete', from: 'mailbox' }`,
      },
    ],
  },
  {
    name: 'loser-not-kept',
    says: 'the value that loses a conflict is written down nowhere',
    layer: 'engine',
    known: 0,
    edits: [
      {
        file: 'src/core/group-draft.ts',
        text: `    this.#record(change, rule === 'R19' ? 'drift' : 'edit', rule, winner, false)\n`,
        instead: '',
      },
    ],
  },
  {
    name: 'question-not-kept',
    says: 'a conflict that waits for an answer is written down nowhere',
    layer: 'engine',
    known: 8,
    edits: [
      {
        file: 'src/core/group-draft.ts',
        text: `    this.#record(change, 'edit', 'R17', 'none', true)\n`,
        instead: '',
      },
    ],
  },
  {
    name: 'winner-forgotten',
    says: 'a value that won does not count as to be written when the CRM goes back to the older one before it was sent',
    layer: 'planner',
    known: 179_074,
    edits: [
      {
        file: 'src/core/group-draft.ts',
        text: `        this.#crmBase[change.group] = change.theirs\n        this.toMailbox(change, rule)`,
        instead: `        this.toMailbox(change, rule)`,
      },
    ],
  },
  {
    name: 'taken-out-comes-back',
    says: 'an occurrence taken out in Microsoft 365 is edited on as if it were there',
    layer: 'engine',
    known: 315,
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `if (by === 'theirs' && toCrm && each.change !== 'theirs') {`,
        instead: `if (by === 'theirs' && toCrm && each.change !== 'theirs' && Number.NaN) {`,
      },
    ],
  },
  {
    name: 'unreported-is-removed',
    says: 'exceptions of a series that an answer did not report count as taken away',
    layer: 'engine',
    known: 22,
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `      if (!occurrencesReported) continue\n      if (slot >= occurrencesReported.from && slot <= occurrencesReported.to) continue\n`,
        instead: `      continue\n`,
      },
    ],
  },
  {
    name: 'quarantine-whole',
    says: 'a restored record takes all groups from quarantine instead of what the mailbox holds',
    layer: 'engine',
    known: 11,
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `      if (value !== undefined && !canHold(policy, 'mailbox', group)) fields[group] = value`,
        instead: `      if (value !== undefined) fields[group] = value`,
      },
    ],
  },
  {
    name: 'server-edit-outlives-deletion',
    says: 'what Microsoft adds by itself to an item counts as an edit against a deletion',
    layer: 'wide',
    edits: [
      {
        file: 'src/core/policy.ts',
        text: `isEdit = (group: string): boolean => !ADDED.has(parseGroup(group).name)`,
        instead: `isEdit = (_group: string): boolean => true`,
      },
    ],
  },
  {
    name: 'one-way-writes-source',
    says: 'a one-way direction writes its source',
    layer: 'engine',
    known: 6,
    edits: [
      {
        file: 'src/core/policy.ts',
        text: `  direction === 'both' || direction === (side === 'crm' ? 'mailbox-to-crm' : 'crm-to-mailbox')`,
        instead: `  direction !== undefined || side !== undefined`,
      },
    ],
  },
  {
    name: 'one-base-for-both',
    says: 'both sides are compared with what the CRM held, so what a system spells in its own way is an edit',
    layer: 'engine',
    edits: [
      {
        file: 'src/core/merge.ts',
        text: `!sameIn(group, yours, bases.theirs[group])`,
        instead: `!sameIn(group, yours, bases.ours[group])`,
      },
    ],
  },
  {
    name: 'texts-always-same',
    says: 'two texts always count as the same',
    layer: 'engine',
    known: 0,
    edits: [{ file: 'src/core/same.ts', text: `  body: sameBodies,`, instead: `  body: () => true,` }],
  },
  {
    name: 'guard-off',
    says: 'deletions are never held, however many they are',
    layer: 'wide',
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `  return deletions > Math.max(limit.items, (linked * limit.percent) / 100)`,
        instead: `  return deletions > Math.max(limit.items, (linked * limit.percent) / 100) + 1e9`,
      },
    ],
  },
  {
    name: 'summer-time',
    says: 'an instant is brought to the wall time of winter, whatever the season',
    layer: 'engine',
    known: 0,
    edits: [
      {
        file: 'src/core/time.ts',
        text: `  wallTime(instant + offsetAt(zone, instant))`,
        instead: `  wallTime(instant + offsetAt(zone, Date.UTC(2026, 0, 1)))`,
      },
    ],
  },
  {
    name: 'attendees-always-written',
    says: 'attendees are written also when an item is made again, so that people are invited once more',
    layer: 'wide',
    edits: [
      {
        file: 'src/core/policy.ts',
        text: `policy.invitations === 'microsoft' && ((!policy.firstSync && !repair) || policy.mailInFirstSync)`,
        instead: `policy.invitations === 'microsoft' && (!policy.firstSync || !repair || !policy.mailInFirstSync)`,
      },
    ],
  },
  {
    name: 'exceptions-dropped',
    says: 'when the pattern of a series changes, exceptions that still fall on an occurrence are not put back',
    layer: 'wide',
    edits: [
      {
        file: 'src/core/plan.ts',
        text: `    else if (draft.mailbox['recurrence'] !== undefined && value !== undefined) draft.mailbox[group] = value\n`,
        instead: '',
      },
      {
        file: 'src/connectors/graph/calendar-push.ts',
        text: `  const kept = moves ? { ...exceptionsOf(whole.fields), ...occurrences } : occurrences`,
        instead: `  const kept = occurrences`,
      },
    ],
  },
]
