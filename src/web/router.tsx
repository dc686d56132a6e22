import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { loadSession } from './api/session.ts'
import { Overview } from './pages/overview/overview.tsx'
import { Broken, NotFound } from './shell/broken.tsx'
import { Frame } from './shell/frame.tsx'
import { parseSearch, stringifySearch, type Search } from './ui/url-state.ts'

interface Context {
  readonly queries: QueryClient
}
const rootRoute = createRootRouteWithContext<Context>()({
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
  notFoundComponent: NotFound,
  errorComponent: Broken,
})

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  beforeLoad: async ({ context, search }) => {
    const session = await loadSession(context.queries)
    if (session.setupNeeded) throw redirect({ to: '/set-up' })
    if (session.user) throw redirect({ href: search['back'] ?? '/' })
  },
  component: lazyRouteComponent(() => import('./pages/sign-in/sign-in.tsx'), 'SignIn'),
})
const setUp = createRoute({
  getParentRoute: () => rootRoute,
  path: '/set-up',
  beforeLoad: async ({ context }) => {
    if (!(await loadSession(context.queries)).setupNeeded) throw redirect({ to: '/' })
  },
  component: lazyRouteComponent(() => import('./pages/sign-in/set-up.tsx'), 'SetUp'),
})

/** Everything inside is for signed-in people. */
const inside = createRoute({
  getParentRoute: () => rootRoute,
  id: 'inside',
  beforeLoad: async ({ context, location }) => {
    const session = await loadSession(context.queries)
    if (session.setupNeeded) throw redirect({ to: '/set-up' })
    if (session.user === null)
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { back: location.href } })
  },
  component: Frame,
})

const page = <P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => inside, path, component })

const overview = createRoute({ getParentRoute: () => inside, path: '/', component: Overview })
/** One chunk for each page: only the frame and the overview load at first. */
const pages = [
  page(
    '/plans',
    lazyRouteComponent(() => import('./pages/plans/plans.tsx'), 'PlansPage'),
  ),
  page(
    '/plans/$run',
    lazyRouteComponent(() => import('./pages/plans/plan.tsx'), 'PlanPage'),
  ),
  page(
    '/conflicts',
    lazyRouteComponent(() => import('./pages/conflicts/conflicts.tsx'), 'ConflictsPage'),
  ),
  page(
    '/history',
    lazyRouteComponent(() => import('./pages/history/history.tsx'), 'HistoryPage'),
  ),
  page(
    '/why/$record',
    lazyRouteComponent(() => import('./pages/history/why.tsx'), 'WhyPage'),
  ),
]

export const makeRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: rootRoute.addChildren([signIn, setUp, inside.addChildren([overview, ...pages])]),
    context: { queries },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultPendingMs: 300,
  })
