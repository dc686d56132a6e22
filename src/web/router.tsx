import type { FetchQueryOptions, QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { loadSession, SessionProvider } from './api/session.ts'
import {
  askColumn,
  askConflicts,
  askHistory,
  askKinds,
  askMailboxes,
  askMailroomLog,
  askRecords,
  askRuns,
  askTaskLists,
  askTasks,
  askUsers,
  BOARD_STATUSES,
  taskFilters,
} from './asks.ts'
import { Overview } from './pages/overview/overview.tsx'
import { Broken, NotFound, NotFoundPage } from './shell/broken.tsx'
import { Frame } from './shell/frame.tsx'
import { parseSearch, stringifySearch, type Search } from './ui/url-state.ts'

interface Context {
  readonly queries: QueryClient
}
const rootRoute = createRootRouteWithContext<Context>()({
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
  component: () => (
    <SessionProvider>
      <Outlet />
    </SessionProvider>
  ),
  notFoundComponent: NotFoundPage,
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

/** What a page asks first. Nobody waits here: the page says itself that it loads, or what went wrong. */
type Asks = (url: Search, params: { readonly kind?: string }) => readonly unknown[]
const page = <P extends string>(
  path: P,
  component: ReturnType<typeof lazyRouteComponent>,
  asks: Asks = () => [],
) =>
  createRoute({
    getParentRoute: () => inside,
    path,
    component,
    loader: ({ context, location, params }) => {
      for (const asked of asks(location.search as Search, params))
        void context.queries.prefetchQuery(asked as FetchQueryOptions)
    },
  })

const overview = createRoute({ getParentRoute: () => inside, path: '/', component: Overview })
/** One chunk for each page: only the frame and the overview load at first. */
const pages = [
  page(
    '/calendar',
    lazyRouteComponent(() => import('./pages/calendar/calendar.tsx'), 'CalendarPage'),
  ),
  page(
    '/tasks',
    lazyRouteComponent(() => import('./pages/tasks/tasks.tsx'), 'TasksPage'),
    (url) => [
      ...(url['view'] === 'board'
        ? BOARD_STATUSES.map((status) => askColumn(taskFilters(url), status))
        : [askTasks(url)]),
      askTaskLists(),
    ],
  ),
  page(
    '/mail',
    lazyRouteComponent(() => import('./pages/mail/mail.tsx'), 'MailPage'),
  ),
  page(
    '/plans',
    lazyRouteComponent(() => import('./pages/plans/plans.tsx'), 'PlansPage'),
    (url) => [askRuns(url)],
  ),
  page(
    '/plans/$run',
    lazyRouteComponent(() => import('./pages/plans/plan.tsx'), 'PlanPage'),
  ),
  page(
    '/conflicts',
    lazyRouteComponent(() => import('./pages/conflicts/conflicts.tsx'), 'ConflictsPage'),
    (url) => [askConflicts(url)],
  ),
  page(
    '/history',
    lazyRouteComponent(() => import('./pages/history/history.tsx'), 'HistoryPage'),
    (url) => [askHistory(url)],
  ),
  page(
    '/why/$record',
    lazyRouteComponent(() => import('./pages/history/why.tsx'), 'WhyPage'),
  ),
  page(
    '/records/$kind',
    lazyRouteComponent(() => import('./pages/records/records.tsx'), 'RecordsPage'),
    (url, { kind = '' }) => [askKinds(), askRecords(kind, url)],
  ),
  page(
    '/records/$kind/import',
    lazyRouteComponent(() => import('./pages/records/import.tsx'), 'ImportPage'),
  ),
  page(
    '/records/$kind/$id',
    lazyRouteComponent(() => import('./pages/records/record.tsx'), 'RecordPage'),
  ),
  page(
    '/me',
    lazyRouteComponent(() => import('./pages/me/account.tsx'), 'AccountPage'),
  ),
  page(
    '/me/profile',
    lazyRouteComponent(() => import('./pages/me/profile.tsx'), 'ProfilePage'),
  ),
  page(
    '/me/tokens',
    lazyRouteComponent(() => import('./pages/me/tokens.tsx'), 'TokensPage'),
  ),
  page(
    '/me/$page',
    lazyRouteComponent(() => import('./pages/settings/settings.tsx'), 'MySettingsPage'),
  ),
  page(
    '/system',
    lazyRouteComponent(() => import('./pages/system/system.tsx'), 'SystemPage'),
  ),
  page(
    '/system/configuration/$page',
    lazyRouteComponent(() => import('./pages/settings/settings.tsx'), 'ConfigurationPage'),
  ),
  page(
    '/system/guide',
    lazyRouteComponent(() => import('./pages/system/guide.tsx'), 'GuidePage'),
  ),
  page(
    '/system/doctor',
    lazyRouteComponent(() => import('./pages/system/doctor.tsx'), 'DoctorPage'),
  ),
  page(
    '/system/users',
    lazyRouteComponent(() => import('./pages/system/users.tsx'), 'UsersPage'),
    (url) => [askUsers(url)],
  ),
  page(
    '/system/roles',
    lazyRouteComponent(() => import('./pages/system/roles.tsx'), 'RolesPage'),
  ),
  page(
    '/system/organizations',
    lazyRouteComponent(() => import('./pages/system/organizations.tsx'), 'OrganizationsPage'),
  ),
  page(
    '/system/mailboxes',
    lazyRouteComponent(() => import('./pages/system/mailboxes.tsx'), 'MailboxesPage'),
    (url) => [askMailboxes(url)],
  ),
  page(
    '/system/mailboxes/$mailbox',
    lazyRouteComponent(() => import('./pages/system/mailbox.tsx'), 'MailboxPage'),
  ),
  page(
    '/system/system-mailboxes',
    lazyRouteComponent(() => import('./pages/system/system-mailboxes.tsx'), 'SystemMailboxesPage'),
  ),
  page(
    '/system/system-mailboxes/$mailbox',
    lazyRouteComponent(() => import('./pages/system/system-mailbox.tsx'), 'SystemMailboxPage'),
  ),
  page(
    '/system/review-queue',
    lazyRouteComponent(() => import('./pages/system/review-queue.tsx'), 'ReviewQueuePage'),
  ),
  page(
    '/system/mailroom',
    lazyRouteComponent(() => import('./pages/system/mailroom-log.tsx'), 'MailroomLogPage'),
    (url) => [askMailroomLog(url)],
  ),
  page(
    '/system/mail-templates',
    lazyRouteComponent(() => import('./pages/system/mail-templates.tsx'), 'MailTemplatesPage'),
  ),
  page(
    '/system/alerts',
    lazyRouteComponent(() => import('./pages/system/alerts.tsx'), 'AlertsPage'),
  ),
  page(
    '/system/information',
    lazyRouteComponent(() => import('./pages/system/information.tsx'), 'InformationPage'),
  ),
  createRoute({ getParentRoute: () => inside, path: '$', component: NotFound }),
  page(
    '/system/webhooks',
    lazyRouteComponent(() => import('./pages/system/webhooks.tsx'), 'WebhooksPage'),
  ),
]

export const makeRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: rootRoute.addChildren([signIn, setUp, inside.addChildren([overview, ...pages])]),
    context: { queries },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    // How long an answer is fresh is said in one place, where it is kept.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultPendingMs: 300,
  })
