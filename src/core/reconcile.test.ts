import { describe, expect, test } from 'vitest'
import { otherSide } from './item.ts'
import type { Direction } from './policy.ts'
import {
  type Alone,
  type Change,
  LINKED,
  UNLINKED,
  type Verdict,
  reconcile,
  reconcileUnlinked,
} from './reconcile.ts'

const CHANGES: readonly Change[] = ['unchanged', 'modified', 'deleted']
const ONE_WAY = ['crm-to-mailbox', 'mailbox-to-crm'] as const
const cells = CHANGES.flatMap((crm) => CHANGES.map((mailbox) => [crm, mailbox] as const))

/** The same verdict seen from the other side. */
function mirrored(verdict: Verdict): Omit<Verdict, 'rule'> {
  if (verdict.do === 'copy') return { do: 'copy', to: otherSide(verdict.to) } as never
  if (verdict.do === 'delete') return { do: 'delete', from: otherSide(verdict.from) } as never
  return { do: verdict.do } as never
}
const withoutRule = ({ rule: _, ...rest }: Verdict) => rest

describe('the table', () => {
  test.each([
    ['R1', 'unchanged', 'unchanged', { do: 'nothing' }],
    ['R2', 'unchanged', 'modified', { do: 'copy', to: 'crm' }],
    ['R3', 'unchanged', 'deleted', { do: 'delete', from: 'crm' }],
    ['R4', 'modified', 'unchanged', { do: 'copy', to: 'mailbox' }],
    ['R5', 'modified', 'modified', { do: 'merge' }],
    ['R6', 'modified', 'deleted', { do: 'copy', to: 'mailbox' }],
    ['R7', 'deleted', 'unchanged', { do: 'delete', from: 'mailbox' }],
    ['R8', 'deleted', 'modified', { do: 'copy', to: 'crm' }],
    ['R9', 'deleted', 'deleted', { do: 'unlink' }],
  ] as const)('[%s] CRM %s, mailbox %s', (rule, crm, mailbox, verdict) => {
    expect(reconcile(crm, mailbox, 'both')).toEqual({ rule, ...verdict })
  })

  test('has no favourite side: swapping the sides mirrors every verdict', () => {
    for (const [crm, mailbox] of cells)
      expect(withoutRule(LINKED[mailbox][crm])).toEqual(mirrored(LINKED[crm][mailbox]))
  })

  test('names each rule once', () => {
    const used = [
      ...cells.map(([crm, mailbox]) => LINKED[crm][mailbox].rule),
      ...Object.values(UNLINKED).map((one) => one.rule),
    ]
    expect(new Set(used).size).toBe(used.length)
  })
})

describe('one-way directions', () => {
  test('never write their source, and mirror each other', () => {
    const writes = (verdict: Verdict): string | null =>
      verdict.do === 'copy' ? verdict.to : verdict.do === 'delete' ? verdict.from : null
    const source = { 'crm-to-mailbox': 'crm', 'mailbox-to-crm': 'mailbox' } as const
    for (const [crm, mailbox] of cells)
      for (const direction of ONE_WAY)
        expect(writes(reconcile(crm, mailbox, direction))).not.toBe(source[direction])
    for (const [crm, mailbox] of cells)
      expect(withoutRule(reconcile(mailbox, crm, 'mailbox-to-crm'))).toEqual(
        mirrored(reconcile(crm, mailbox, 'crm-to-mailbox')),
      )
  })

  test.each([
    ['R18', 'unchanged', 'modified', 'nothing'],
    ['R20', 'unchanged', 'deleted', 'nothing'],
    ['R21', 'deleted', 'modified', 'unlink'],
    ['R4', 'modified', 'unchanged', 'copy'],
    ['R5', 'modified', 'modified', 'merge'],
    ['R6', 'modified', 'deleted', 'copy'],
    ['R7', 'deleted', 'unchanged', 'delete'],
    ['R9', 'deleted', 'deleted', 'unlink'],
  ] as const)('[%s] to Microsoft only: CRM %s, mailbox %s', (rule, crm, mailbox, verb) => {
    expect(reconcile(crm, mailbox, 'crm-to-mailbox')).toMatchObject({ rule, do: verb })
  })
})

describe('who has no partner', () => {
  test.each([
    ['R10', 'record', 'both', { do: 'copy', to: 'mailbox' }],
    ['R11', 'item', 'both', { do: 'copy', to: 'crm' }],
    ['R12', 'match', 'both', { do: 'merge' }],
    ['R13', 'several', 'both', { do: 'nothing' }],
    ['R10', 'record', 'crm-to-mailbox', { do: 'copy', to: 'mailbox' }],
    ['R18', 'item', 'crm-to-mailbox', { do: 'nothing' }],
    ['R18', 'record', 'mailbox-to-crm', { do: 'nothing' }],
    ['R11', 'item', 'mailbox-to-crm', { do: 'copy', to: 'crm' }],
    ['R12', 'match', 'mailbox-to-crm', { do: 'merge' }],
  ] as const)('[%s] %s, direction %s', (rule, alone, direction, verdict) => {
    expect(reconcileUnlinked(alone as Alone, direction as Direction)).toEqual({ rule, ...verdict })
  })
})
