import { WINDOWS_TO_IANA_MAP } from 'windows-iana'
import { expect, test } from 'vitest'
import { canonicalZone, firstKnownZone, resolveZone, sameZone, windowsZone } from './zones.ts'

test.each([
  ['W. Europe Standard Time', 'Europe/Berlin'],
  ['w. europe standard time', 'Europe/Berlin'],
  ['Pacific Standard Time', 'America/Los_Angeles'],
  ['Europe/Kyiv', 'Europe/Kiev'],
  ['Europe/Kiev', 'Europe/Kiev'],
  ['europe/berlin', 'Europe/Berlin'],
  ['Asia/Kolkata', 'Asia/Calcutta'],
  ['US/Eastern', 'America/New_York'],
  ['UTC', 'UTC'],
  ['Etc/UTC', 'UTC'],
  ['GMT', 'UTC'],
  ['tzone://Microsoft/Utc', 'UTC'],
  ['UTC+13', 'Etc/GMT-13'],
  ['Kamchatka Standard Time', 'Asia/Kamchatka'],
  ['America/Ciudad_Juarez', 'America/Ciudad_Juarez'],
])('[T5] %s is %s', (name, zone) => expect(resolveZone(name)).toEqual({ known: true, zone }))

test.each([
  '',
  null,
  undefined,
  'tzone://Microsoft/Custom',
  'Customized Time Zone',
  'Europe/Atlantis',
  '+02:00',
  'Etc/Unknown',
  'x'.repeat(500),
])('[T6] %j is reported, never guessed', (name) => {
  const answer = resolveZone(name)
  expect(answer.known).toBe(false)
  if (!answer.known) expect(answer.reason).toMatch(/\.$/)
})

test('[T6] the next place that names a zone is asked', () => {
  const answer = firstKnownZone(['', 'tzone://Microsoft/Custom', 'Tokyo Standard Time'])
  expect(answer).toEqual({ known: true, zone: 'Asia/Tokyo' })
  expect(firstKnownZone(['', 'tzone://Microsoft/Custom'])).toMatchObject({
    known: false,
    name: 'tzone://Microsoft/Custom',
  })
  expect(firstKnownZone([])).toMatchObject({ known: false })
})

test('[T5] every name that Windows has leads to a zone and back', () => {
  const names = new Set(WINDOWS_TO_IANA_MAP.map((row) => row.windowsName))
  expect(names.size).toBeGreaterThan(130)
  for (const name of names) {
    const answer = resolveZone(name)
    expect(answer.known, name).toBe(true)
    if (answer.known) expect(windowsZone(answer.zone), name).toBe(name)
  }
})

test('[T5] every zone of this runtime has one spelling and, but for Troll, a name at Microsoft', () => {
  const nameless = Intl.supportedValuesOf('timeZone').filter((zone) => {
    expect(canonicalZone(canonicalZone(zone) ?? ''), zone).toBe(canonicalZone(zone))
    return windowsZone(canonicalZone(zone) ?? '') === null
  })
  expect(nameless).toEqual(['Antarctica/Troll'])
})

test('[T5] zones that are one to Windows are the same', () => {
  expect(sameZone('Europe/Vienna', 'Europe/Berlin')).toBe(true)
  expect(sameZone('Europe/London', 'Europe/Berlin')).toBe(false)
  expect(sameZone('Antarctica/Troll', 'Antarctica/Troll')).toBe(true)
  expect(sameZone('Antarctica/Troll', 'Nowhere')).toBe(false)
})
