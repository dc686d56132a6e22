import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { createContext, createElement, useContext, type ReactNode } from 'react'
import { setReader } from '../format.ts'
import { ask, rememberCsrf, type Answer } from './client.ts'

export type Session = Answer<'GET /api/session'>
export type Me = NonNullable<Session['user']>

const asked = ask('GET /api/session', {})

/** Asked before the first page; each answer about the session replaces it. */
export async function loadSession(client: QueryClient): Promise<Session> {
  const session = await client.ensureQueryData({ ...asked, staleTime: 60_000 })
  return adopt(session)
}

export function keepSession(client: QueryClient, session: Session): void {
  client.setQueryData(asked.queryKey, session)
  adopt(session)
}

function adopt(session: Session): Session {
  rememberCsrf(session.csrf)
  if (session.user) setReader(session.user)
  return session
}

const SessionContext = createContext<Session | undefined>(undefined)
/** Asks once for all below it: every row of a list may want to know what its reader may do. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const { data } = useQuery({ ...asked, staleTime: 60_000 })
  return createElement(SessionContext, { value: data }, children)
}

export function useSession(): Session {
  const heard = useContext(SessionContext)
  // The provider hears of a new session a moment later than a page is drawn that the router opens because of it.
  const data = useQueryClient().getQueryData<Session>(asked.queryKey) ?? heard
  if (data === undefined) throw new Error('A page was drawn before the session was known.')
  return data
}

/** The signed-in person; the router lets nobody else on to a page that asks. */
export function useMe(): Me {
  const { user } = useSession()
  if (user === null) throw new Error('A page for signed-in people was drawn for nobody.')
  return user
}

export const useIsAdministrator = (): boolean => useSession().user?.role === 'administrator'
export const useMayAct = (): boolean => {
  const role = useSession().user?.role
  return role === 'administrator' || role === 'user'
}
/** What this installation calls the CRM. */
export const useProductName = (): string => useSession().productName
