import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

/** The URL is the state: filter, sort, page and what is open are in it, as plain text. */
export type Search = { readonly [name: string]: string | undefined }
export type SetSearch = (
  patch: { readonly [name: string]: string | null | undefined },
  how?: { readonly push?: boolean },
) => void

export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text))
export const stringifySearch = (search: Record<string, unknown>): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value))
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

/** The query of a list from the URL. */
export function pagingOf(url: Search): { readonly page: number; readonly size: number; readonly q?: string } {
  const whole = (value: string | undefined, otherwise: number): number => {
    const number = Number(value)
    return Number.isInteger(number) && number > 0 ? number : otherwise
  }
  return {
    page: whole(url['page'], 1),
    size: whole(url['size'], 50),
    ...(url['q'] !== undefined && url['q'] !== '' && { q: url['q'] }),
  }
}

export function useUrl(): readonly [Search, SetSearch] {
  const search: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const set = useCallback<SetSearch>(
    (patch, how) => {
      void navigate({
        to: '.',
        search: (before: Search) => {
          const after: Record<string, string | undefined> = { ...before }
          for (const [name, value] of Object.entries(patch)) after[name] = value ?? undefined
          return after
        },
        replace: how?.push !== true,
        resetScroll: false,
      })
    },
    [navigate],
  )
  return [search, set]
}
