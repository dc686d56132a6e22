/** For the tests of mail: an emulator that is asked in process by an app with every permission. */
import { createEmulator, type Emulator, type EmulatorOptions } from './emulator.ts'

export type Json = Record<string, unknown>

export interface Answer {
  readonly status: number
  readonly body: Json
  readonly text: string
  readonly headers: Headers
}

export interface Office {
  readonly emulator: Emulator
  readonly anna: string
  readonly ben: string
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

const AT = Date.UTC(2026, 8, 30, 8)

export function office(options: EmulatorOptions = {}, token?: (emulator: Emulator) => string): Office {
  let now = AT
  const emulator = createEmulator({
    seed: 'empty',
    clock: { now: () => (now += 1000), sleep: async () => undefined },
    ...options,
  })
  const { info, control } = emulator
  // Made for each call: on a clock that is pushed on by hours an old one would have run out.
  const bearer = (): string => token?.(emulator) ?? control.token(info.clientId, null)
  return {
    emulator,
    anna: `/users/${info.users[0]?.id ?? ''}`,
    ben: `/users/${info.users[1]?.id ?? ''}`,
    call: async (method, path, body, headers = {}) => {
      const response = await emulator.handle(
        new Request(path.startsWith('http') ? path : info.graph + path, {
          method,
          headers: {
            authorization: `Bearer ${bearer()}`,
            prefer: 'IdType="ImmutableId", odata.maxpagesize=100',
            'content-type': 'application/json',
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      )
      const text = await response.text()
      return {
        status: response.status,
        text,
        body: text.startsWith('{') ? (JSON.parse(text) as Json) : {},
        headers: response.headers,
      }
    },
  }
}

export const rows = (answer: Answer): Json[] => answer.body['value'] as Json[]
export const code = (answer: Answer): unknown => (answer.body['error'] as Json | undefined)?.['code']
export const to = (address: string): Json => ({ emailAddress: { address, name: address } })
export const BEN = 'ben.okafor@contoso.example'
export const ANNA = 'anna.lindqvist@contoso.example'

export async function send(world: Office, message: Json): Promise<void> {
  const sent = await world.call('POST', `${world.anna}/sendMail`, {
    message: { toRecipients: [to(BEN)], ...message },
  })
  if (sent.status !== 202) throw new Error(`Sending was answered with ${sent.status}: ${sent.text}`)
}

export async function newest(world: Office, mailbox: string, folder: string): Promise<Json> {
  const found = rows(await world.call('GET', `${mailbox}/mailFolders/${folder}/messages?$top=1`))[0]
  if (found === undefined) throw new Error(`${folder} is empty.`)
  return found
}
