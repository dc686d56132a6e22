/** Routes as a table; a tree finds the row for a path in as many steps as the path has segments. */
import type { Answer, Call } from './call.ts'

/** Any one of the listed permissions suffices. */
export interface Permissions {
  readonly delegated: readonly string[]
  readonly application: readonly string[]
}

export interface Route {
  readonly method: string
  /** `/users/{user}/events/{event}`; `/me` is understood for `/users/{user}`. */
  readonly path: string
  readonly permissions: Permissions
  /** Query options that this path takes, in lower case. Other `$` options are refused. */
  readonly query: readonly string[]
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

interface Node {
  readonly literals: Map<string, Node>
  wild: Node | null
  readonly routes: Map<string, Route>
}

const makeNode = (): Node => ({ literals: new Map(), wild: null, routes: new Map() })

export interface Match {
  readonly route: Route | null
  /** What the braces of the path stood for. */
  readonly ids: readonly string[]
  /** Methods that the path does have, when it has not this one. */
  readonly allowed: readonly string[]
}

/** Names of operations: never ids. */
const RESERVED = /^(\$.*|delta)$/i

export class Router {
  readonly #root = makeNode()
  readonly routes: readonly Route[]

  constructor(routes: readonly Route[]) {
    this.routes = routes
    for (const route of routes) {
      let node = this.#root
      for (const segment of route.path.split('/').filter((part) => part !== '')) {
        if (segment.startsWith('{')) {
          node.wild ??= makeNode()
          node = node.wild
        } else {
          const name = segment.toLowerCase()
          let next = node.literals.get(name)
          if (next === undefined) {
            next = makeNode()
            node.literals.set(name, next)
          }
          node = next
        }
      }
      if (node.routes.has(route.method)) throw new Error(`Two routes for ${route.method} ${route.path}`)
      node.routes.set(route.method, route)
    }
  }

  /** Undefined when no route has the path; the text is the segment that no route knows. */
  match(method: string, segments: readonly string[]): Match | { readonly unknown: string } {
    let node = this.#root
    const ids: string[] = []
    for (const segment of segments) {
      const literal = node.literals.get(segment) ?? node.literals.get(segment.toLowerCase())
      if (literal !== undefined) {
        node = literal
      } else if (node.wild !== null && !RESERVED.test(segment)) {
        ids.push(segment)
        node = node.wild
      } else {
        return { unknown: segment }
      }
    }
    if (node.routes.size === 0) return { unknown: segments.at(-1) ?? '' }
    return { route: node.routes.get(method) ?? null, ids, allowed: [...node.routes.keys()] }
  }
}
