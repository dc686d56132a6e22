import { findIana, findWindows, IANA_ALIAS_MAP, WINDOWS_TO_IANA_MAP } from 'windows-iana'
import type { Zone } from './item.ts'

/**
 * Names of time zones. Microsoft writes Windows' names, everybody else IANA's; both come in variants. Inside there is
 * one spelling for each zone. A name that nobody knows is answered as such: guessing a zone moves meetings.
 */
export type ZoneAnswer =
  | { readonly known: true; readonly zone: Zone }
  | { readonly known: false; readonly name: string; readonly reason: string }

/** Zones younger than the mapping table, with the Windows zone whose clocks are the same. */
const YOUNG_ZONES: readonly (readonly [Zone, string])[] = [
  ['America/Ciudad_Juarez', 'Mountain Standard Time'],
  ['America/Coyhaique', 'Magallanes Standard Time'],
]
/** Windows names that older mailboxes still hold. */
const RETIRED_WINDOWS: readonly (readonly [string, Zone])[] = [['kamchatka standard time', 'Asia/Kamchatka']]
const NAME_LENGTH_MAX = 200

/** Lower-case IANA name → the spelling that CLDR keeps for ever (`Europe/Kiev`), so that it does not depend on the runtime. */
const spelling = new Map<string, Zone>()
for (const { alias } of IANA_ALIAS_MAP)
  for (const name of alias) spelling.set(name.toLowerCase(), alias[0] ?? name)

const windowsByName = new Map<string, Zone>(RETIRED_WINDOWS)
for (const { windowsName } of WINDOWS_TO_IANA_MAP) {
  const zone = findIana(windowsName)[0]
  if (zone !== undefined) windowsByName.set(windowsName.toLowerCase(), zone)
}

const canonicalNames = new Map<string, Zone | null>()
/** Distinct spellings remembered; what comes from outside must not grow without end. */
const NAMES_MAX = 5_000

/** The one spelling of an IANA zone, or null when this runtime has no such zone. Offsets (`+02:00`) are no zones. */
export function canonicalZone(name: string): Zone | null {
  const seen = canonicalNames.get(name)
  if (seen !== undefined) return seen
  const found = findCanonical(name)
  if (canonicalNames.size >= NAMES_MAX) canonicalNames.clear()
  canonicalNames.set(name, found)
  return found
}

function findCanonical(name: string): Zone | null {
  if (name === '' || name.length > NAME_LENGTH_MAX || /^[+-]/.test(name)) return null
  try {
    const kept = spelling.get(name.toLowerCase()) ?? name
    const zone = new Intl.DateTimeFormat('en-US', { timeZone: kept }).resolvedOptions().timeZone
    return zone === 'Etc/UTC' || zone === 'Etc/GMT' || zone === 'GMT' ? 'UTC' : zone
  } catch {
    return null
  }
}

/** A zone as any system may name it: IANA, Windows, or Microsoft's `tzone://` forms. */
export function resolveZone(name: string | null | undefined): ZoneAnswer {
  const given = (name ?? '').trim()
  if (given === '') return { known: false, name: '', reason: 'No time zone was given.' }
  const lower = given.toLowerCase()
  if (lower === 'tzone://microsoft/utc') return { known: true, zone: 'UTC' }
  if (lower === 'tzone://microsoft/custom' || lower === 'customized time zone')
    return {
      known: false,
      name: given,
      reason: 'This event has a time zone of its own making, without a name that others know.',
    }
  const windows = windowsByName.get(lower)
  const zone = canonicalZone(windows ?? given)
  if (zone !== null) return { known: true, zone }
  return {
    known: false,
    name: given.slice(0, NAME_LENGTH_MAX),
    reason: 'Nobody here knows a time zone of this name.',
  }
}

/**
 * The first of several names that means something: an event carries its zone in up to three places, and the foremost
 * may be empty or custom (Graph, resource types recurrenceRange and event). The answer of the first is kept if none does.
 */
export function firstKnownZone(names: readonly (string | null | undefined)[]): ZoneAnswer {
  let first: ZoneAnswer | null = null
  for (const name of names) {
    const answer = resolveZone(name)
    if (answer.known) return answer
    if (first === null || (first.name === '' && answer.name !== '')) first = answer
  }
  return first ?? resolveZone(null)
}

const windowsNames = new Map<Zone, string | null>(
  YOUNG_ZONES.map(([zone, windows]) => [zone, windows] as const),
)

/** Windows' name for a canonical zone; null where Windows has none (Antarctica/Troll). */
export function windowsZone(zone: Zone): string | null {
  const seen = windowsNames.get(zone)
  if (seen !== undefined) return seen
  const found = findWindows(zone)[0] ?? null
  if (windowsNames.size >= NAMES_MAX) windowsNames.clear()
  windowsNames.set(zone, found)
  return found
}

/**
 * Whether two zones are the same to Microsoft: Europe/Vienna comes back as Europe/Berlin, because Windows has one name
 * for both. Their clocks agree today, though perhaps not in the far past.
 */
export function sameZone(a: Zone, b: Zone): boolean {
  if (a === b) return true
  const windows = windowsZone(a)
  return windows !== null && windows === windowsZone(b)
}
