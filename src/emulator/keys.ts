/** The RSA key that tokens are signed with, made from the seed so that a run can be repeated to the byte. */
import {
  checkPrimeSync,
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'

const EXPONENT = 65537n
const PRIME_BYTES = 128

function* bytes(seed: string): Generator<Buffer> {
  for (let block = 0; ; block++) yield createHash('sha512').update(`${seed}/${block}`).digest()
}

function prime(stream: Generator<Buffer>): bigint {
  const parts: Buffer[] = []
  for (let length = 0; length < PRIME_BYTES; length += 64) parts.push(stream.next().value as Buffer)
  let candidate = BigInt(`0x${Buffer.concat(parts).toString('hex')}`)
  candidate |= (3n << BigInt(PRIME_BYTES * 8 - 2)) | 1n
  while ((candidate - 1n) % EXPONENT === 0n || !checkPrimeSync(candidate, { checks: 8 })) candidate += 2n
  return candidate
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1, t0, t1] = [modulus, value % modulus, 0n, 1n]
  while (r1 !== 0n) {
    const quotient = r0 / r1
    ;[r0, r1] = [r1, r0 - quotient * r1]
    ;[t0, t1] = [t1, t0 - quotient * t1]
  }
  return t0 < 0n ? t0 + modulus : t0
}

const base64url = (value: bigint): string => {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url')
}

export type Claims = Record<string, unknown>

export class SigningKey {
  readonly keyId: string
  readonly jwk: Readonly<Record<string, string>>
  readonly #private: KeyObject
  readonly #public: KeyObject
  readonly #header: string

  constructor(seed: string) {
    const stream = bytes(seed)
    const p = prime(stream)
    const q = prime(stream)
    const n = p * q
    const d = inverse(EXPONENT, (p - 1n) * (q - 1n))
    const open = { kty: 'RSA', n: base64url(n), e: base64url(EXPONENT) }
    this.#private = createPrivateKey({
      format: 'jwk',
      key: {
        ...open,
        d: base64url(d),
        p: base64url(p),
        q: base64url(q),
        dp: base64url(d % (p - 1n)),
        dq: base64url(d % (q - 1n)),
        qi: base64url(inverse(q, p)),
      },
    })
    this.#public = createPublicKey({ format: 'jwk', key: open })
    this.keyId = createHash('sha256').update(open.n).digest('base64url').slice(0, 27)
    this.jwk = { ...open, use: 'sig', kid: this.keyId, x5t: this.keyId, alg: 'RS256' }
    this.#header = Buffer.from(
      JSON.stringify({ typ: 'JWT', alg: 'RS256', kid: this.keyId, x5t: this.keyId }),
    ).toString('base64url')
  }

  sign(claims: Claims): string {
    const text = `${this.#header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${text}.${sign('sha256', Buffer.from(text), this.#private).toString('base64url')}`
  }

  /** The claims of a token that this key signed; undefined for anything else. Does not look at the time. */
  verify(token: string): Claims | undefined {
    const parts = token.split('.')
    const [header, payload, signature] = parts
    if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
      return undefined
    try {
      const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg?: unknown }
      if (alg !== 'RS256') return undefined
      if (
        !verify(
          'sha256',
          Buffer.from(`${header}.${payload}`),
          this.#public,
          Buffer.from(signature, 'base64url'),
        )
      )
        return undefined
      return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims
    } catch {
      return undefined
    }
  }
}

const keys = new Map<string, SigningKey>()

/** Making a key takes a tenth of a second, so one is kept for each seed. */
export function signingKey(seed: string): SigningKey {
  let key = keys.get(seed)
  if (key === undefined) {
    key = new SigningKey(seed)
    keys.set(seed, key)
  }
  return key
}
