/** The stretch of time that a calendar view asks for. */
import type { Call } from './call.ts'
import { GraphError } from './errors.ts'
import { parseInstant } from './zones.ts'

/** Both ends are required; an offset in the value is honoured, none means UTC. */
export function windowOf(
  call: Call,
  given: ReadonlyMap<string, string> = call.query,
): { from: number; to: number } {
  const read = (name: string): number => {
    const source = given.get(name.toLowerCase())
    if (source === undefined || source === '')
      throw new GraphError(
        400,
        'ErrorInvalidParameter',
        `This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.`,
      )
    const at = parseInstant(source.replace(' ', '+'))
    if (at === undefined)
      throw new GraphError(
        400,
        'ErrorInvalidParameter',
        `The value '${source}' of parameter '${name}' is invalid.`,
      )
    return at
  }
  const from = read('startDateTime')
  const to = read('endDateTime')
  if (to < from)
    throw new GraphError(
      400,
      'ErrorInvalidParameter',
      'The EndDateTime parameter must be later than StartDateTime.',
    )
  return { from, to }
}
