import { z } from 'zod'
import { ACTING, EVERYONE, id, instant, nothing, route } from './contract.ts'
import { recordKind } from './records.ts'

/** To whom a message, event or task belongs, with the reason; what a person says counts for its whole thread. */
export const itemLink = z.object({
  kind: recordKind,
  id,
  title: z.string(),
  how: z.enum(['address', 'domain', 'thread', 'hand', 'conversion']),
  /** Why it is there, in words. */
  why: z.string(),
  at: instant,
})

const params = z.object({ item: id })

export const linksApi = {
  'GET /api/items/:item/links': route({
    summary: 'Records that a message, event or task belongs to, each with the reason.',
    access: EVERYONE,
    params,
    answer: z.object({ items: z.array(itemLink) }),
  }),
  'POST /api/items/:item/links': route({
    summary: 'Say that it belongs to a record; so does its thread from now on.',
    access: ACTING,
    params,
    body: z.strictObject({ kind: recordKind, record: id }),
    answer: z.object({ items: z.array(itemLink) }),
  }),
  'DELETE /api/items/:item/links/:kind/:record': route({
    summary: 'Say that it does not; no message of its thread is linked there by itself again.',
    access: ACTING,
    params: params.extend({ kind: recordKind, record: id }),
    answer: nothing,
    status: 204,
  }),
} as const
