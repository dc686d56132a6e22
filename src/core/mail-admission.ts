import { type Address, type Item, messageFields } from './item.ts'

/** Which mail may be stored at all. */
export interface Admission {
  /** Addresses and domains, in lower case; a domain stands for its subdomains too. */
  readonly blocklist: readonly string[]
  /** Whether mail between people of one's own organization is stored. */
  readonly internal: boolean
  readonly ownDomains: readonly string[]
}

/**
 * Decides by who wrote and received a message, before anything of it is stored. Drafts are one's own words and always
 * admitted, as is a message that names nobody outside but could not be told to be internal (no address at all).
 */
export function makeAdmission({ blocklist, internal, ownDomains }: Admission): (item: Item) => boolean {
  const blocked = new Set(blocklist.map((each) => each.toLowerCase().replace(/^@/, '')))
  const own = new Set(ownDomains.map((each) => each.toLowerCase()))
  const isBlocked = (email: string): boolean =>
    blocked.has(email) || suffixes(email).some((one) => blocked.has(one))
  const isOwn = (email: string): boolean => suffixes(email).some((one) => own.has(one))
  if (blocked.size === 0 && internal) return () => true
  return (item) => {
    if (item.kind !== 'message') return true
    const { from, to, cc, bcc, isDraft } = messageFields(item)
    if (isDraft) return true
    const emails = [from, ...to, ...cc, ...bcc].flatMap((person: Address | null) => person?.email ?? [])
    if (emails.some(isBlocked)) return false
    return internal || emails.length === 0 || !emails.every(isOwn)
  }
}

/** The domain of an address and the domains above it: `eu.mail.example.org`, `mail.example.org`, `example.org`, `org`. */
function suffixes(email: string): readonly string[] {
  const labels = email.slice(email.lastIndexOf('@') + 1).split('.')
  return labels.map((_, at) => labels.slice(at).join('.'))
}
