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
] as const
export type Fault = (typeof FAULTS)[number]
export type Rates = Readonly<Partial<Record<Fault, number>>>

export function swarm(chance: Chance): Rates {
  const rates: Partial<Record<Fault, number>> = {}
  const share = chance.pick([0, 0.15, 0.3, 0.5])
  for (const fault of FAULTS) if (chance.yes(share)) rates[fault] = chance.pick([0.01, 0.03, 0.08])
  return rates
}

export const tell = (rates: Rates): string =>
  Object.entries(rates)
    .map(([fault, rate]) => `${fault} ${rate}`)
    .join(', ')
