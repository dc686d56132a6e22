/** What the Graph side takes from the composition root: time, chance, the way to the network, where Microsoft is. */
import type { Instant } from '../../core/ids.ts'

export interface GraphEnv {
  readonly now: () => Instant
  /** Resolves after `milliseconds`, or rejects with the signal's reason when it is aborted before. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** The part of `fetch` that is used here, so that `fetch` itself, undici and an in-process handler all fit. */
export type Transport = (url: string, init: TransportInit) => Promise<TransportResponse>

export interface TransportInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

export interface TransportResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array> | null
  text(): Promise<string>
}

/** Clouds are islands: an app registered in one reaches tenants of that one only. */
export const CLOUDS = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  'us-gov-l4': { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  'us-gov-l5': { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: {
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
  },
} as const

export type Cloud = keyof typeof CLOUDS

export interface Endpoints {
  /** Origins, without a slash at the end. */
  readonly login: string
  readonly graph: string
  /** The cloud's own Graph origin: scopes and audiences are spelled with it, whatever `graph` points to. */
  readonly resource: string
  /** The login origin is not Microsoft's own: its metadata is handed to MSAL instead of being discovered. */
  readonly loginIsOverridden: boolean
}

/**
 * Microsoft's hosts for a cloud, or the overrides (an emulator, a proxy).
 *
 * @throws {Error} when an override is no origin, or is plain http beyond this machine: tokens would travel in clear.
 */
export function resolveEndpoints(
  cloud: Cloud,
  overrides: { readonly graph?: string | undefined; readonly login?: string | undefined } = {},
): Endpoints {
  const known = CLOUDS[cloud]
  return {
    login: overrides.login ? originOf(overrides.login, 'SYNCLINE_MICROSOFT_LOGIN') : known.login,
    graph: overrides.graph ? originOf(overrides.graph, 'SYNCLINE_MICROSOFT_GRAPH') : known.graph,
    resource: known.graph,
    loginIsOverridden: Boolean(overrides.login),
  }
}

const LOOPBACK = /^(127(?:[.]\d{1,3}){3}|localhost|\[::1\])$/

function originOf(text: string, variable: string): string {
  if (!URL.canParse(text))
    throw new Error(
      `${variable} is not an address: ${text}. Give it as https://host or http://127.0.0.1:port.`,
    )
  const url = new URL(text)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)))
    return url.origin
  throw new Error(
    `${variable} must begin with https:// (plain http only for this machine, such as http://127.0.0.1:4010): tokens would travel in clear.`,
  )
}
