import type { Chance } from './chance.ts'

/**
 * What may go wrong in a world, each at a rate of its own; a seed takes a random subset (swarm testing), because rare
 * mixtures find what an even mixture hides.
 */
export const FAULTS = [
  'crash', // the process ends at an await
  'reply-lost', // a write or read was carried out, its answer never came
  'request-lost', // it never arrived
  'reply-cut', // the answer broke off in its middle
  'throttled', // 429 with Retry-After
  'throttled-bare', // 429 without
  'unavailable', // 503
  'gateway', // 504 after the write was carried out or not
  'server-error', // 500
  'expired-token', // 410 at any page
  'page-truncated',
  'delta-repeat',
  'etag-bump',
  'token-refused',
  'commit-lost', // the connection to the database went away at a commit: outcome unknown to the engine
  'edit-between', // a person acts between the engine's read and its write
  'clock-skew',
  'clock-jump',
  'lease-lost', // another worker takes the mailbox in the middle of a pass
  'empty-page', // a first page with nothing but a next link
  'commit-refused', // the database takes a transaction back at its end
  'small-pages', // Microsoft makes pages of two, whatever was asked for
  'delta-late', // a round does not know the newest changes yet
  'ghost', // a round tells once more of what was deleted
  'wrong-account', // for one pass the sign-in is somebody else's
] as const
export type Fault = (typeof FAULTS)[number]
export type Rates = Readonly<Partial<Record<Fault, number>>>

/** Faults that only worlds of the wide layer have. */
export const WIDE_FAULTS: readonly Fault[] = [
  'commit-lost',
  'lease-lost',
  'clock-skew',
  'edit-between',
  'commit-refused',
  'small-pages',
  'delta-late',
  'ghost',
  'wrong-account',
]
/** The first twenty: drawn in this order for every seed, so that a seed stays what it is. */
const SWARM = FAULTS.slice(0, FAULTS.indexOf('commit-refused'))

export function swarm(chance: Chance): Rates {
  const rates: Partial<Record<Fault, number>> = {}
  const share = chance.pick([0, 0.15, 0.3, 0.5])
  for (const fault of SWARM) if (chance.yes(share)) rates[fault] = chance.pick([0.01, 0.03, 0.08])
  return rates
}

export const tell = (rates: Rates): string =>
  Object.entries(rates)
    .map(([fault, rate]) => `${fault} ${rate}`)
    .join(', ')
