/** Faults on purpose, drawn from a seeded plan: what goes wrong, where, how often and with which chance. */
import { hashText, makeChance, type Chance } from './chance.ts'

export const FAULT_KINDS = [
  /** The request never arrives: the connection is cut and nothing happens. */
  'request-lost',
  /** The request is carried out and its answer is lost. */
  'reply-lost',
  /** The answer breaks off in its middle. */
  'reply-cut',
  /** Refused with `status` (default 503) and, with `retryAfterSeconds`, a wait. */
  'refuse',
  /** Answered after `delayMilliseconds`. */
  'slow',
  /** The body of a page ends early: not valid JSON any more. */
  'page-truncated',
  /** A delta page comes with an item of it twice. */
  'delta-repeat',
  /** A delta round that does not know the newest changes yet. */
  'delta-late',
  /** The tokens of the collection asked for are evicted: 410. */
  'tokens-evicted',
  /** The etag of the item written last is bumped once more after the answer is made. */
  'etag-bump',
  /** Access is refused as if the person or administrator had withdrawn consent. */
  'consent-revoked',
  /** The mailbox cannot be found, as after the licence is gone. */
  'mailbox-gone',
  /** A fresh token is refused once as expired. */
  'token-refused',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

export interface FaultRule {
  readonly kind: FaultKind
  /** HTTP method; any when left out. */
  readonly method?: string
  /** A part of the path in lower case, or a pattern between slashes; any when left out. */
  readonly path?: string
  /** The address of a mailbox; any when left out. */
  readonly mailbox?: string
  /** Times that the rule applies before it is spent; endless when left out. */
  readonly count?: number
  /** Matching requests to let pass first. */
  readonly after?: number
  /** From 0 to 1; 1 when left out. */
  readonly probability?: number
  readonly status?: number
  readonly retryAfterSeconds?: number
  readonly delayMilliseconds?: number
}

interface Rule {
  readonly rule: FaultRule
  readonly pattern: RegExp | null
  left: number
  skip: number
}

export class Faults {
  #rules: Rule[] = []
  #chance: Chance
  /** Faults injected, by kind. */
  readonly injected = new Map<FaultKind, number>()

  constructor(seed: string) {
    this.#chance = makeChance(hashText(`faults/${seed}`))
  }

  /** Replaces the plan. With a seed, its chance begins anew. */
  plan(rules: readonly FaultRule[], seed?: string): void {
    this.#rules = rules.map((rule) => ({
      rule,
      pattern:
        rule.path !== undefined && /^\/.*\/$/s.test(rule.path)
          ? new RegExp(rule.path.slice(1, -1), 'i')
          : null,
      left: rule.count ?? Number.POSITIVE_INFINITY,
      skip: rule.after ?? 0,
    }))
    if (seed !== undefined) this.#chance = makeChance(hashText(`faults/${seed}`))
  }

  get rules(): readonly FaultRule[] {
    return this.#rules.filter((rule) => rule.left > 0).map(({ rule }) => rule)
  }

  /** The fault for a request, or null. The first rule that matches and whose chance comes up wins. */
  draw(method: string, target: string, mailbox: string): FaultRule | null {
    if (this.#rules.length === 0) return null
    const path = target.toLowerCase()
    for (const entry of this.#rules) {
      const { rule } = entry
      if (entry.left <= 0) continue
      if (rule.method !== undefined && rule.method.toUpperCase() !== method) continue
      if (rule.mailbox !== undefined && rule.mailbox.toLowerCase() !== mailbox.toLowerCase()) continue
      if (rule.path !== undefined && !(entry.pattern?.test(target) ?? path.includes(rule.path.toLowerCase())))
        continue
      if (entry.skip > 0) {
        entry.skip--
        continue
      }
      if (rule.probability !== undefined && this.#chance() >= rule.probability) continue
      entry.left--
      this.injected.set(rule.kind, (this.injected.get(rule.kind) ?? 0) + 1)
      return rule
    }
    return null
  }
}
