/** How an app proves who it is at the token endpoint: a secret, or an assertion signed with its certificate. */
import { constants, createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { EntraError } from './entra-errors.ts'
import type { AppRegistration } from './state.ts'
import { isObject } from './item-parts.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const CLOCK_SKEW_SECONDS = 300

export interface Proof {
  readonly secret: string | undefined
  readonly assertionType: string | undefined
  readonly assertion: string | undefined
}

/** Throws when the proof is missing, wrong or too old. */
export function checkProof(
  app: AppRegistration,
  proof: Proof,
  audiences: (audience: string) => boolean,
  now: number,
): void {
  if (proof.assertion !== undefined) {
    if (proof.assertionType !== ASSERTION_TYPE)
      throw new EntraError(
        'invalid_request',
        900144,
        `The request body must contain the following parameter: 'client_assertion_type'.`,
      )
    checkAssertion(app, proof.assertion, audiences, now)
    return
  }
  if (proof.secret === undefined)
    throw new EntraError(
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
      401,
    )
  const match = app.secrets.find((secret) => secret.value === proof.secret)
  if (match === undefined)
    throw new EntraError(
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app.clientId}'.`,
      401,
    )
  if (match.expires <= now)
    throw new EntraError(
      'invalid_client',
      7000222,
      `The provided client secret keys for app '${app.clientId}' are expired. Visit the Azure portal to create new keys for your app.`,
      401,
    )
}

function decodePart(part: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    if (isObject(value)) return value
  } catch {
    // Falls through: whatever it was, it is no assertion.
  }
  throw new EntraError(
    'invalid_client',
    50012,
    'Client assertion contains an invalid signature or is malformed.',
    401,
  )
}

function thumbprints(pem: string): { sha1: string; sha256: string } | null {
  if (!pem.includes('BEGIN CERTIFICATE')) return null
  const der = new X509Certificate(pem).raw
  return {
    sha1: createHash('sha1').update(der).digest('base64url'),
    sha256: createHash('sha256').update(der).digest('base64url'),
  }
}

function checkAssertion(
  app: AppRegistration,
  assertion: string,
  audiences: (audience: string) => boolean,
  now: number,
): void {
  const [headerText, payloadText, signatureText] = assertion.split('.')
  const header = decodePart(headerText)
  const claims = decodePart(payloadText)
  const wanted = header['x5t#S256'] ?? header['x5t']
  const certificate = app.certificates.find((candidate) => {
    const prints = thumbprints(candidate.pem)
    return prints === null || prints.sha256 === wanted || prints.sha1 === wanted
  })
  if (certificate === undefined)
    throw new EntraError(
      'invalid_client',
      700027,
      'The certificate with identifier used to sign the client assertion is not registered on application.',
      401,
    )
  const algorithm = header['alg']
  const key = createPublicKey(certificate.pem)
  const signed = Buffer.from(`${headerText ?? ''}.${payloadText ?? ''}`)
  const signature = Buffer.from(signatureText ?? '', 'base64url')
  const valid =
    algorithm === 'RS256'
      ? verify('sha256', signed, key, signature)
      : algorithm === 'PS256' &&
        verify(
          'sha256',
          signed,
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
          signature,
        )
  if (!valid)
    throw new EntraError('invalid_client', 700027, 'Client assertion failed signature validation.', 401)
  const seconds = now / 1000
  const expires = Number(claims['exp'])
  if (!(expires > seconds - CLOCK_SKEW_SECONDS))
    throw new EntraError(
      'invalid_client',
      700024,
      'Client assertion is not within its valid time range.',
      401,
    )
  if (Number(claims['nbf'] ?? 0) > seconds + CLOCK_SKEW_SECONDS)
    throw new EntraError(
      'invalid_client',
      700024,
      'Client assertion is not within its valid time range.',
      401,
    )
  if (claims['iss'] !== app.clientId || claims['sub'] !== app.clientId)
    throw new EntraError(
      'invalid_client',
      700021,
      "Client assertion application identifier doesn't match 'client_id' parameter.",
      401,
    )
  if (!audiences(String(claims['aud'])))
    throw new EntraError(
      'invalid_client',
      700023,
      'Client assertion audience claim does not match Realm issuer.',
      401,
    )
}
