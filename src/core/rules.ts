/**
 * Every rule by which something is written, left alone or held, with the sentence that a person is shown: in a plan,
 * in the journal and beside a conflict alike. SPEC.md, section R, explains each one; the ids are stable for ever.
 * `{product}` stands for the CRM's own name (core/settings.ts, `words`).
 */
export const rules = {
  // One linked pair: what each side did since they last agreed.
  R1: 'Nothing changed on either side.',
  R2: 'Changed only in Microsoft 365: copied to {product}.',
  R3: 'Deleted in Microsoft 365, untouched in {product}: deleted here too and kept in quarantine.',
  R4: 'Changed only in {product}: copied to Microsoft 365.',
  R5: 'Changed on both sides: merged, each field from the side that changed it.',
  R6: 'Deleted in Microsoft 365 while it was edited in {product}: the edit survives, so it comes back.',
  R7: 'Deleted in {product}, untouched in Microsoft 365: moved to Deleted Items there.',
  R8: 'Deleted in {product} while it was edited in Microsoft 365: the edit survives, so it comes back.',
  R9: 'Deleted on both sides: forgotten.',
  // Something without a partner.
  R10: 'New in {product}: created in Microsoft 365.',
  R11: 'New in Microsoft 365: created in {product}.',
  R12: 'The same on both sides before the first sync: linked, not created twice.',
  R13: 'Several look alike: left apart until a person decides.',
  // One field group that both sides changed to different values.
  R14: 'Both sides changed it and {product} wins: the other value is kept in the conflict.',
  R15: 'Both sides changed it and Microsoft 365 wins: the other value is kept in the conflict.',
  R16: 'Both sides changed it and the newer one wins: the other value is kept in the conflict.',
  R17: 'Both sides changed it: both stay as they are until a person decides.',
  // One-way directions.
  R18: 'Changed on the side that only receives: left as it is and reported as drift.',
  R19: 'Changed on the side that only receives, and then at its source: the source wins, the other value is kept.',
  R20: 'Deleted on the side that only receives: it comes back when its source changes.',
  R21: 'Deleted at its source after it was changed on the side that only receives: kept there, no longer linked.',
  // Who owns what.
  R22: 'This belongs to the organizer or to Microsoft 365: the edit in {product} was put back and is kept in the conflict.',
  R23: 'Private in Microsoft 365: the edit in {product} was put back and is kept in the conflict.',
  R24: 'Attendees are not written here, so that nobody is mailed.',
  R25: 'A meeting of somebody else was removed in Microsoft 365: removed here too, the edit is kept in the conflict.',
  // Series.
  R26: 'The new pattern has no occurrence on that day: its exception was dropped and is kept in the conflict.',
  R40: 'The occurrence was taken out on one side while it was edited on the other: it stays out, the edit is kept in the conflict.',
  // Limits and holds.
  R27: 'More deletions than the guard allows: held until a person approves them.',
  R28: 'It would mail people during the first sync: held until a person approves it.',
  R29: 'Out of the period or of the chosen folders: no longer linked, nothing deleted.',
  R30: 'Back in the period: linked again.',
  R31: 'The two sides keep changing it back and forth: parked with its history.',
  R32: 'It failed again and again: parked with the reason, tried again when it changes.',
  R33: 'It carries the mark of our own write: linked, not created twice.',
  R34: 'Moved to another calendar, list or folder in Microsoft 365: moved in {product} too.',
  // A person decided.
  R35: 'A person decided it: by answering this conflict, or an earlier one of this field that was asked to be remembered.',
  R36: 'A person restored the value that had lost.',
  R37: 'A person declined the deletion: it was put back.',
  R38: 'A person undid it.',
  R39: 'A person asked that the source be imposed again.',
} as const

export type RuleId = keyof typeof rules

/** The sentence, with the CRM's own name in it. */
export const sentence = (rule: RuleId, productName = 'CRM'): string =>
  rules[rule].replaceAll('{product}', productName)

export const isRuleId = (text: string): text is RuleId => Object.hasOwn(rules, text)
