import type { Facts, Fields, Json } from '../../src/core/item.ts'
import { type Bag, applyTo, isGone } from './planner-world.ts'
import type { ConflictDraft, PairInput, PairPlan } from '../../src/core/pair-plan.ts'
import { planPair } from '../../src/core/plan.ts'
import type { ConflictPolicy, Direction, Policy } from '../../src/core/policy.ts'
import { type Chance, chance } from './chance.ts'
import type { Violation } from './history.ts'

/**
 * Layer 1: the planner alone, a million times. One pair, two people who change field groups (each value a stamp), the
 * planner between them; no I/O. A write to the mailbox may find that somebody changed the item meanwhile (stale), may
 * come back normalised, or may be lost together with the pass. Judged by what was written and what was seen, not by
 * the rules.
 */
const GROUPS = [
  'subject',
  'location',
  'body',
  'occurrence/2026-05-04/subject',
  'occurrence/2026-05-11/cancelled',
] as const
const SERIES = {
  recurrence: {
    pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
    range: { type: 'noEnd', start: '2026-05-04' },
  },
}
const PASSES_TO_REST = 3

type Side = 'crm' | 'mailbox'
interface Written {
  readonly side: Side
  readonly group: string
  readonly value: Json
  seen: boolean
}

interface World {
  crm: Bag
  mailbox: Bag
  bases: PairInput['bases']
  facts: Facts
  quarantine: Fields
  readonly conflicts: ConflictDraft[]
  readonly written: Written[]
  /** Groups about which a conflict was decided and whose sides are not alike yet. */
  readonly contested: Set<string>
  stamp: number
  /** Somebody deleted it after the other side's last edit was seen there. */
  deleted: { readonly side: Side } | null
}

export interface PlannerCount {
  runs: number
  operations: number
  conflicts: number
}

/** One random pair from its beginning to rest. Returns what is wrong, in words; empty when all is well. */
export function runPlanner(seed: string, count: PlannerCount, plan: typeof planPair = planPair): Violation[] {
  const random = chance(seed)
  const found: Violation[] = []
  const policy = randomPolicy(random)
  const world = beginning(random, policy)
  const rounds = 1 + random.below(4)
  count.runs += 1
  for (let round = 0; round < rounds && found.length === 0; round++) {
    const edits = random.below(4)
    for (let n = 0; n < edits; n++, count.operations++) act(world, random)
    pass(world, random, policy, plan, found, random.yes(0.2))
    noteAlike(world)
  }
  let quiet = 0
  for (let n = 0; n < PASSES_TO_REST && found.length === 0; n++) {
    const writes = pass(world, random, policy, plan, found, false)
    quiet = writes === 0 ? quiet + 1 : 0
  }
  if (found.length === 0 && quiet === 0)
    found.push({
      invariant: 'I6',
      says: `after ${PASSES_TO_REST} passes without an edit the planner still writes`,
    })
  if (found.length === 0) judgeRest(world, policy, found)
  count.conflicts += world.conflicts.length
  return found
}

function randomPolicy(random: Chance): Policy {
  const direction = random.weighted<Direction>([
    [6, 'both'],
    [2, 'crm-to-mailbox'],
    [2, 'mailbox-to-crm'],
  ])
  const conflicts = random.pick<ConflictPolicy>(['crm', 'mailbox', 'ask'])
  return {
    direction,
    conflicts,
    invitations: 'microsoft',
    privateEvents: 'busy',
    firstSync: false,
    mailInFirstSync: false,
    cannotHold: { crm: [], mailbox: [] },
    clockOffsetMs: 0,
  }
}

function beginning(random: Chance, policy: Policy): World {
  const linked = random.yes(0.8)
  const fields: Fields = { subject: 'begin', location: null, body: null, ...SERIES }
  const source: Side =
    policy.direction === 'mailbox-to-crm'
      ? 'mailbox'
      : policy.direction === 'crm-to-mailbox'
        ? 'crm'
        : random.pick(['crm', 'mailbox'] as const)
  const facts: Facts = { isOrganizer: true }
  return {
    crm: linked || source === 'crm' ? fields : 'none',
    mailbox: linked || source === 'mailbox' ? fields : 'none',
    bases: linked ? { crm: fields, mailbox: fields } : null,
    facts,
    quarantine: fields,
    conflicts: [],
    written: [],
    contested: new Set(),
    stamp: 0,
    deleted: null,
  }
}

/** One person does something on one side. */
function act(world: World, random: Chance): void {
  const side: Side = random.pick(['crm', 'mailbox'] as const)
  const held = world[side]
  if (isGone(held)) return
  if (random.yes(0.12)) {
    for (const each of world.written) if (same(held[each.group], each.value)) each.seen = true
    world[side] = 'deleted'
    if (side === 'crm') world.quarantine = held
    world.deleted = { side }
    return
  }
  const group = random.pick(GROUPS)
  const stamp = `${side}-${++world.stamp}`
  // Sometimes somebody goes back to what was there before.
  const before = random.yes(0.15) ? world.bases?.[side][group] : undefined
  const value: Json = group.endsWith('cancelled')
    ? true
    : (before ?? (group === 'body' ? { type: 'text', content: stamp } : stamp))
  for (const each of world.written)
    if (each.group === group && same(held[group], each.value)) each.seen = true
  world[side] = { ...held, [group]: value }
  // Back to what both sides agreed on is no change that a comparison with the base could see: whoever changes the group
  // on the other side wins without a conflict. Unless one was decided, it is not asked for as a value that must be kept.
  // Nor is writing what stands there already an edit (7776032).
  const isBack = same(held[group], value) || (!world.contested.has(group) && same(value, before))
  if (!group.endsWith('cancelled') && !isBack) world.written.push({ side, group, value, seen: false })
}

function noteAlike({ contested, crm, mailbox }: World): void {
  if (isGone(crm) || isGone(mailbox)) return
  for (const group of GROUPS) if (same(crm[group], mailbox[group])) contested.delete(group)
}

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b)

/** One pass: plan, commit the CRM's half, then try the mailbox's. Returns how many writes arrived. */
function pass(
  world: World,
  random: Chance,
  policy: Policy,
  plan: typeof planPair,
  found: Violation[],
  disturbed: boolean,
): number {
  const input = inputOf(world)
  if (input.crm === 'none' && input.mailbox === 'none') return 0
  if (
    world.bases === null &&
    (isGone(world.crm) && world.crm !== 'none' ? true : isGone(world.mailbox) && world.mailbox !== 'none')
  )
    return 0
  const planned = plan(input, policy)
  checkOneWay(planned, policy, found)
  let writes = 0
  for (const { group } of planned.conflicts) world.contested.add(group)
  world.conflicts.push(
    ...planned.conflicts.filter(
      (each) => !world.conflicts.some((known) => JSON.stringify(known) === JSON.stringify(each)),
    ),
  )
  if (planned.crm !== null) {
    writes += 1
    if (planned.crm.do === 'delete') {
      if (!isGone(world.crm)) world.quarantine = world.crm
      world.crm = 'deleted'
    } else world.crm = applyTo(planned.crm.do === 'update' ? world.crm : {}, planned.crm.fields)
  }
  if (planned.then !== 'linked') {
    if (planned.then === 'gone' && planned.mailbox?.do === 'delete') world.mailbox = 'deleted'
    if (planned.then === 'gone' || planned.then === 'apart') {
      writes += planned.mailbox === null ? 0 : 1
      const pair = world.bases !== null || planned.then === 'gone'
      world.bases = null
      if (pair) {
        // An unlinked pair is no pair: both sides keep what they have, and are not looked at again here.
        if (planned.then === 'apart' && input.bases !== null) world.crm = world.mailbox = 'none'
      }
    }
    return writes
  }
  world.bases = planned.bases
  if (planned.mailbox === null) return writes
  if (disturbed && random.yes(0.5) && !isGone(world.mailbox)) {
    act(world, random) // stale: nothing is written, the next pass decides anew
    return writes
  }
  if (disturbed && random.yes(0.3)) return writes // never sent
  writes += 1
  const { fields } = planned.mailbox
  if (planned.mailbox.do === 'delete') {
    world.mailbox = 'deleted'
    return writes
  }
  const before: Bag = planned.mailbox.do === 'create' ? {} : world.mailbox
  world.mailbox = applyTo(before, fields)
  const mailbox = isGone(world.mailbox) ? {} : world.mailbox
  const crm = isGone(world.crm) ? {} : world.crm
  const crmBase: { [group: string]: Json } = { ...planned.bases.crm }
  const mailboxBase: { [group: string]: Json } = { ...planned.bases.mailbox }
  for (const group of Object.keys(fields)) {
    put(crmBase, group, crm[group])
    put(mailboxBase, group, mailbox[group])
  }
  world.bases = { crm: crmBase, mailbox: mailboxBase }
  return writes
}

function put(base: { [group: string]: Json }, group: string, value: Json | undefined): void {
  if (value === undefined) delete base[group]
  else base[group] = value
}

function inputOf(world: World): PairInput {
  const present = (bag: Bag): PairInput['crm'] =>
    isGone(bag) ? bag : { fields: bag, facts: world.facts, modifiedAt: null }
  return {
    kind: 'event',
    bases: world.bases,
    crm: present(world.crm),
    mailbox: present(world.mailbox),
    facts: world.facts,
    quarantine: world.quarantine,
  }
}

function checkOneWay(planned: PairPlan, policy: Policy, found: Violation[]): void {
  if (policy.direction === 'crm-to-mailbox' && planned.crm !== null)
    found.push({ invariant: 'S4', says: 'CRM to Microsoft wrote the CRM' })
  if (policy.direction === 'mailbox-to-crm' && planned.mailbox !== null)
    found.push({ invariant: 'S4', says: 'Microsoft to CRM wrote Microsoft' })
}

function judgeRest(world: World, policy: Policy, found: Violation[]): void {
  const { crm, mailbox } = world
  const kept = JSON.stringify(world.conflicts)
  const open = new Set(world.conflicts.filter((each) => each.open).map((each) => each.group))
  if (policy.direction === 'both') {
    if (isGone(crm) !== isGone(mailbox))
      found.push({
        invariant: 'I1',
        says: `only one side has it: crm ${String(isGone(crm))}, mailbox ${String(isGone(mailbox))}`,
      })
    else if (!isGone(crm) && !isGone(mailbox)) {
      for (const group of new Set([...Object.keys(crm), ...Object.keys(mailbox)])) {
        if (!open.has(group) && !same(crm[group] ?? null, mailbox[group] ?? null))
          found.push({
            invariant: 'I1',
            says: `${group}: crm ${JSON.stringify(crm[group])}, mailbox ${JSON.stringify(mailbox[group])}`,
          })
      }
    }
  }
  for (const { group, value, side, seen } of world.written) {
    if (seen) continue
    const live = (bag: Bag): boolean => !isGone(bag) && same(bag[group], value)
    if (live(crm) || live(mailbox) || kept.includes(JSON.stringify(value))) continue
    if (!isGone(crm) || !isGone(mailbox) || world.deleted === null)
      found.push({
        invariant: 'I2',
        says: `${group} = ${JSON.stringify(value)} written on the ${side} side is nowhere`,
      })
    else
      found.push({
        invariant: 'I2',
        says: `${group} = ${JSON.stringify(value)} written on the ${side} side went with a deletion that never saw it`,
      })
  }
  const stamps = new Set(world.written.map((each) => JSON.stringify(each.value)))
  for (const [name, bag] of [
    ['crm', crm],
    ['mailbox', mailbox],
  ] as const) {
    if (isGone(bag)) continue
    for (const group of GROUPS) {
      const value = bag[group]
      if (typeof value === 'string' && value !== 'begin' && !stamps.has(JSON.stringify(value)))
        found.push({
          invariant: 'I3',
          says: `${group} on the ${name} side is ${JSON.stringify(value)}, which nobody wrote`,
        })
    }
  }
}
