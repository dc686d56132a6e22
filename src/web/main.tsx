import './theme.css'
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiProblem } from './api/client.ts'
import { makeRouter } from './router.tsx'
import { cssVariables, theme } from './theme.ts'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      // Only what may pass by itself is asked again: no answer, or a server that is busy.
      retry: (tries, error) =>
        tries < 2 &&
        error instanceof ApiProblem &&
        (error.problem.status === 0 || error.problem.status >= 500),
    },
  },
})
const router = makeRouter(queries)
/** A session that ended while the page was open leads to the sign-in page, and back here afterwards. */
queries.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated' || event.action.type !== 'error') return
  const { error } = event.action
  if (
    error instanceof ApiProblem &&
    error.problem.status === 401 &&
    router.state.location.pathname !== '/sign-in'
  ) {
    queries.removeQueries({ queryKey: ['GET /api/session'] })
    void router.navigate({ to: '/sign-in', search: { back: router.state.location.href } })
  }
})

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no element with the id "root".')
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      {...(nonce !== undefined && { getStyleNonce: () => nonce })}
    >
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
