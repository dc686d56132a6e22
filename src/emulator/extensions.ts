/** Open extensions, wherever they hang. A change of one is not seen by delta. Source: "openTypeExtension resource type". */
import type { Answer, Call } from './call.ts'
import { GraphError, itemNotFound } from './errors.ts'
import { parseExtension, renderExtension, type OpenExtension } from './item-parts.ts'
import { answerCount, answerList, ITEM_QUERY, jsonAnswer, LIST_QUERY, noContent } from './odata.ts'
import type { Permissions, Route } from './router.ts'

/** Anything with a list of extensions. */
export interface Extensible {
  extensions: OpenExtension[]
}

export interface ExtensionPlace {
  readonly path: string
  readonly read: Permissions
  readonly write: Permissions
  readonly host: (call: Call) => Extensible
}

const PREFIX = 'microsoft.graph.opentypeextension.'

function one(call: Call, host: Extensible): OpenExtension {
  const asked = (call.ids.at(-1) ?? '').toLowerCase()
  const name = asked.startsWith(PREFIX) ? asked.slice(PREFIX.length) : asked
  const found = host.extensions.find((extension) => extension.name.toLowerCase() === name)
  if (found === undefined) throw itemNotFound()
  return found
}

const answer = (call: Call, extension: OpenExtension, status: number): Answer =>
  jsonAnswer(status, { '@odata.context': call.context('extensions/$entity'), ...renderExtension(extension) })

export function extensionRoutes(place: ExtensionPlace): Route[] {
  const base = `${place.path}/extensions`
  const route = (method: string, path: string, query: readonly string[], handle: Route['handle']): Route => ({
    method,
    path,
    permissions: method === 'GET' ? place.read : place.write,
    query,
    handle,
  })
  return [
    route('GET', base, LIST_QUERY, (call) =>
      answerList(call, {
        rows: place.host(call).extensions.map(renderExtension),
        context: call.context('extensions'),
        pageSizeDefault: 100,
      }),
    ),
    route('GET', `${base}/$count`, ['$filter', '$search'], (call) =>
      answerCount(place.host(call).extensions.length),
    ),
    route('POST', base, [], (call) => {
      const host = place.host(call)
      const extension = parseExtension(call.json())
      if (host.extensions.some((known) => known.name.toLowerCase() === extension.name.toLowerCase()))
        throw new GraphError(409, 'ErrorItemSave', 'An extension of this name exists already.')
      host.extensions = [...host.extensions, extension]
      return answer(call, extension, 201)
    }),
    route('GET', `${base}/{extension}`, ITEM_QUERY, (call) => answer(call, one(call, place.host(call)), 200)),
    route('PATCH', `${base}/{extension}`, [], (call) => {
      const host = place.host(call)
      const old = one(call, host)
      const patch = parseExtension({ ...call.json(), extensionName: old.name })
      const merged = { name: old.name, values: { ...old.values, ...patch.values } }
      host.extensions = host.extensions.map((extension) => (extension === old ? merged : extension))
      return answer(call, merged, 200)
    }),
    route('DELETE', `${base}/{extension}`, [], (call) => {
      const host = place.host(call)
      const gone = one(call, host)
      host.extensions = host.extensions.filter((extension) => extension !== gone)
      return noContent
    }),
  ]
}
