/**
 * Chance for the simulation: one seed, split by name into independent streams, so that shrinking what the users do
 * does not disturb which faults happen. sfc32, seeded through FNV-1a of "seed/name".
 */
export interface Chance {
  /** In [0, 1). */
  next(): number
  /** Whole number in [0, n). */
  below(n: number): number
  yes(probability: number): boolean
  pick<T>(from: readonly T[]): T
  /** One of the entries, by weight. */
  weighted<T>(from: readonly (readonly [weight: number, value: T])[]): T
  split(name: string): Chance
}

function fnv(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d) >>> 0
  return (hash ^ (hash >>> 12)) >>> 0
}

export function chance(seed: string): Chance {
  let a = fnv(seed, 1)
  let b = fnv(seed, 2)
  let c = fnv(seed, 3)
  let counter = 1
  const word = (): number => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  const self: Chance = {
    next: () => word() / 4294967296,
    below: (n) => Math.floor((word() / 4294967296) * n),
    yes: (probability) => word() / 4294967296 < probability,
    pick: (from) => {
      const value = from[self.below(from.length)]
      if (value === undefined && from.length === 0) throw new Error('pick() from nothing')
      return value as (typeof from)[number]
    },
    weighted: (from) => {
      const total = from.reduce((sum, [weight]) => sum + weight, 0)
      let at = self.next() * total
      for (const [weight, value] of from) {
        at -= weight
        if (at < 0) return value
      }
      const last = from[from.length - 1]
      if (last === undefined) throw new Error('weighted() from nothing')
      return last[1]
    },
    split: (name) => chance(`${seed}/${name}`),
  }
  return self
}
