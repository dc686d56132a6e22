/**
 * Why a sign-in failed, and who can do what about it. Entra's own texts speak to developers; these speak to the person
 * who looks at the screen. Source: "Microsoft Entra authentication and authorization error codes".
 */
import type { Failure } from '../connector.ts'

type Who =
  | 'administrator'
  | 'user'
  /** Passes by itself. */
  | 'nobody'

interface Advice {
  readonly codes: readonly number[]
  readonly who: Who
  readonly text: string
}

const ADVICE: readonly Advice[] = [
  {
    codes: [7000215, 70002],
    who: 'administrator',
    text: 'Microsoft does not accept the client secret. Copy the secret’s value (not its id) from the app registration into System > Configuration > Integrations > Microsoft Settings.',
  },
  {
    codes: [7000222],
    who: 'administrator',
    text: 'The client secret has expired. Make a new one in the app registration under Certificates & secrets, and enter its value and end date in Microsoft Settings.',
  },
  {
    codes: [7000218],
    who: 'administrator',
    text: 'Microsoft asks for a client secret or certificate, and none is set. Enter one in Microsoft Settings.',
  },
  {
    codes: [700027, 700030, 50012, 700025],
    who: 'administrator',
    text: 'Microsoft does not accept the certificate. Upload the certificate that belongs to the private key to the app registration, or enter the right pair in Microsoft Settings.',
  },
  {
    codes: [700016, 700011, 7000112],
    who: 'administrator',
    text: 'Microsoft does not know this application in the directory, or it is switched off. Check the application (client) ID, the directory (tenant) ID and that the app registration is enabled.',
  },
  {
    codes: [90002],
    who: 'administrator',
    text: 'Microsoft does not know this directory. Check the directory (tenant) ID in Microsoft Settings.',
  },
  {
    codes: [50011, 70004],
    who: 'administrator',
    text: 'The redirect URI is not registered. Copy it from Microsoft Settings into the app registration, platform Web.',
  },
  {
    codes: [65001, 650051, 650056, 650057],
    who: 'user',
    text: 'Consent to the permissions is missing or was withdrawn. Connect the mailbox again and accept them.',
  },
  {
    codes: [65004],
    who: 'user',
    text: 'The permissions were not accepted, so nothing was connected. Connect again and accept them.',
  },
  {
    codes: [90094, 90095],
    who: 'administrator',
    text: 'Only an administrator may accept these permissions. Open the admin consent link in Microsoft Settings as an administrator of the directory.',
  },
  {
    codes: [53000, 53001, 53002, 53003, 53004, 530003],
    who: 'administrator',
    text: 'A Conditional Access policy blocks this sign-in. An administrator of the directory must allow the application in that policy; then connect again.',
  },
  {
    codes: [50076, 50079, 50074, 50158],
    who: 'user',
    text: 'Microsoft asks for another proof of who you are (multi-factor sign-in). Connect the mailbox again.',
  },
  {
    codes: [70043, 70008, 700082, 700084, 50173, 70000, 54005, 50132, 50133],
    who: 'user',
    text: 'The sign-in has ended (it expired, was revoked, or the password changed). Connect the mailbox again; nothing that was kept is lost.',
  },
  {
    codes: [50034, 50020, 51004],
    who: 'user',
    text: 'This account is not in the directory any more, or belongs to another one. Connect with the account of this mailbox, or disconnect the mailbox.',
  },
  {
    codes: [50057, 50053, 50055],
    who: 'administrator',
    text: 'This account is disabled, locked, or its password has expired. An administrator of the directory must enable it; then connect again.',
  },
  {
    codes: [500011, 50001, 650052],
    who: 'administrator',
    text: 'Microsoft Graph is not available in this directory. Check the national cloud in Microsoft Settings and that the directory has a Microsoft 365 subscription.',
  },
  {
    codes: [9001023, 50059],
    who: 'administrator',
    text: 'A directory (tenant) ID is needed for this kind of access. Enter it in Microsoft Settings.',
  },
]

/** Entra's own trouble: passes by itself. */
const TRANSIENT: ReadonlySet<number> = new Set([90024, 90033, 50033, 90055, 50196, 90006])

const adviceByCode = new Map<number, Advice>(
  ADVICE.flatMap((advice) => advice.codes.map((code) => [code, advice])),
)

/** The AADSTS number wherever MSAL put it; null when the failure is not Entra's. */
function entraCode(error: unknown): number | null {
  if (!(error instanceof Error)) return null
  const { errorNo, errorCodes, error_codes } = error as {
    errorNo?: unknown
    errorCodes?: unknown
    error_codes?: unknown
  }
  for (const stated of [errorNo, ...list(errorCodes), ...list(error_codes)]) {
    const code = Number(stated)
    if (Number.isInteger(code) && code > 0) return code
  }
  const found = /AADSTS(\d{4,8})/.exec(error.message)
  return found === null ? null : Number(found[1])
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** OAuth errors that a person must act upon, where Entra gave no number. */
const NEEDS_PERSON: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_client',
  'unauthorized_client',
  'interaction_required',
  'consent_required',
  'login_required',
  'access_denied',
  'no_tokens_found',
  'refresh_token_expired',
  'no_account_in_silent_request',
])

/** Never holds a token, secret or code: of MSAL's error only numbers and names are taken. */
export function signInFailure(error: unknown): Failure {
  const code = entraCode(error)
  const name = error instanceof Error ? String((error as { errorCode?: unknown }).errorCode ?? '') : ''
  if (code !== null && TRANSIENT.has(code))
    return {
      kind: 'unavailable',
      message: `Microsoft’s sign-in service is busy (AADSTS${code}). Tried again later.`,
    }
  const advice = code === null ? undefined : adviceByCode.get(code)
  if (advice !== undefined)
    return { kind: 'unauthorized', code: `AADSTS${code}`, message: `${advice.text} (AADSTS${code})` }
  if (code !== null || NEEDS_PERSON.has(name)) {
    const shown = code === null ? name : `AADSTS${code}`
    return {
      kind: 'unauthorized',
      code: shown,
      message: `Microsoft refused the sign-in (${shown}). Connect the mailbox again; if that does not help, show this code to an administrator of the directory.`,
    }
  }
  return {
    kind: 'unavailable',
    message:
      'Microsoft’s sign-in service could not be reached, or its answer made no sense. Tried again later.',
  }
}

/** Of the client secret or certificate itself: another one may be accepted. */
const CREDENTIAL: ReadonlySet<string> = new Set(
  [7000215, 7000222, 7000218, 700027, 700030, 50012, 700025, 700024].map((code) => `AADSTS${code}`),
)
export const refusesCredential = (failure: Failure): boolean =>
  failure.kind === 'unauthorized' && CREDENTIAL.has(failure.code)

/** Who can act on a code: for status pages and alerts. `nobody` for what passes by itself or is not known. */
export function whoCanAct(code: string): Who {
  return adviceByCode.get(Number(code.replace(/^AADSTS/, '')))?.who ?? 'nobody'
}
