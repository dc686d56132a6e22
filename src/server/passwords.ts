import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/**
 * Passwords are kept as Argon2id in the PHC string form. Parameters: OWASP's "Password Storage Cheat Sheet" (19 MiB,
 * 2 passes, 1 lane); a hash carries its own, so that they can grow later.
 */
const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const TAG_BYTES = 32

const derive = promisify(argon2)
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce,
    memory: MEMORY_KIB,
    passes: PASSES,
    parallelism: LANES,
    tagLength: TAG_BYTES,
  })
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(nonce)}$${base64(tag)}`
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** With no hash it takes as long as with one, so that the time does not tell which addresses exist. */
export async function passwordFits(password: string, hash: string | null): Promise<boolean> {
  const match = PHC.exec(hash ?? DECOY)
  if (match === null) return false
  const [, memory = '', passes = '', lanes = '', nonce = '', tag = ''] = match
  const wanted = Buffer.from(tag, 'base64')
  const found = await derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce: Buffer.from(nonce, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(lanes),
    tagLength: wanted.length,
  })
  return timingSafeEqual(found, wanted) && hash !== null
}

const DECOY = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(Buffer.alloc(16, 1))}$${base64(Buffer.alloc(TAG_BYTES, 2))}`

/** Length is what counts; refused is only what a guesser tries first. Null: fine. */
export function passwordProblem(
  password: string,
  about: { readonly email: string; readonly name: string },
): string | null {
  const lower = password.toLowerCase()
  const own = [about.email.split('@')[0] ?? '', ...about.name.split(/\s+/)].filter((part) => part.length >= 4)
  if (new Set(lower).size < 5) return 'Use at least five different characters.'
  if (lower === about.email.toLowerCase()) return 'Your address is no password.'
  const rest = own.reduce((left, part) => left.replaceAll(part.toLowerCase(), ''), lower)
  if (rest.length < 8) return 'This is little more than your name or address.'
  if (
    /^(.{1,4})\1+$/.test(lower) ||
    '0123456789012345678901234567890'.includes(lower) ||
    'abcdefghijklmnopqrstuvwxyz'.includes(lower) ||
    /^(qwertyuiop|password|letmein|welcome|administrator|syncline)+[\d!.]*$/.test(lower)
  )
    return 'This is one of the first that somebody would try.'
  return null
}
