/**
 * Ids as Outlook gives them out. The default id changes when an item moves to another container; the immutable id
 * (`Prefer: IdType="ImmutableId"`) does not. Both are made from the item's key, so neither is stored.
 * Source: "Get immutable identifiers for Outlook resources".
 */
import { codeOf, hashText } from './chance.ts'
import type { Mailbox } from './state.ts'

const REST = 'AAMkAD'
const IMMUTABLE = 'AAkALg'
const REST_END = 'AAA='
const IMMUTABLE_END = 'AAAA=='
const NO_HOME = 'AAAAAAAC'

const homes = new Map<string, string>()

/** Eight characters for a container; folders are few, so they are remembered. */
function homeCode(home: string): string {
  let code = homes.get(home)
  if (code === undefined) {
    code = codeOf(0x5eed, hashText(home), 8)
    if (homes.size > 10_000) homes.clear()
    homes.set(home, code)
  }
  return code
}

/** The default id of an item that lives in the container `home`. */
export function restId(mailbox: Mailbox, home: string, key: string): string {
  return REST + mailbox.code + homeCode(home) + key + REST_END
}

export function immutableId(mailbox: Mailbox, key: string): string {
  return `${IMMUTABLE}${mailbox.code}AAAAAA${key}${IMMUTABLE_END}`
}

/** Ids of containers are constant, whatever the client prefers. */
export function containerId(mailbox: Mailbox, key: string): string {
  return REST + mailbox.code + NO_HOME + key + REST_END
}

export function itemId(mailbox: Mailbox, home: string, key: string, immutable: boolean): string {
  return immutable ? immutableId(mailbox, key) : restId(mailbox, home, key)
}

/** The key within an id, unverified: the caller makes the id again from what it finds and compares. */
export function keyOfId(id: string): string | null {
  if (id.startsWith(REST) && id.length > 26) return id.slice(22, -4)
  if (id.startsWith(IMMUTABLE) && id.length > 26) return id.slice(20, -6)
  return null
}

/** The change key that belongs to a version. */
export function changeKey(version: number): string {
  return `CQAAABYAAAB${codeOf(0xc0de, version, 16)}`
}

export function etag(version: number): string {
  return `W/"${changeKey(version)}"`
}
