import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { call, refresh, type Answer, type ApiProblem, type Item } from '../../api/client.ts'
import { mail as t } from '../../text/en/mail.ts'
import { tellProblem } from '../../ui/tell.ts'
import { tellUndo } from '../../ui/tell-undo.tsx'
import { DELETE_AFTER_MS, leaveLater } from './leaving.ts'
import { changed, undoOf, type Change, type Target } from './changes.ts'

export type Row = Item<'GET /api/mail/messages'>
export type Message = Answer<'GET /api/mail/messages/:message'>
export type Tree = Answer<'GET /api/mail/folders'>
export type Mailbox = Tree['mailboxes'][number]
export type Folder = Mailbox['folders'][number]
export type Person = Message['to'][number]

const LISTS = 'GET /api/mail/messages'
const THREADS = 'GET /api/mail/messages/:message/thread'
const ONE = 'GET /api/mail/messages/:message'
const isRoute =
  (name: string) =>
  ({ queryKey: [route] }: { readonly queryKey: readonly unknown[] }): boolean =>
    route === name

function redraw(client: QueryClient, ids: ReadonlySet<string>, change: Change | 'gone'): void {
  const patch = <T extends Target>(items: readonly T[]): T[] =>
    items.map((one) => (ids.has(one.id) && change !== 'gone' ? changed(one, change) : one))
  const leaves = change === 'gone' || change.folder !== undefined
  client.setQueriesData<Answer<typeof LISTS>>({ predicate: isRoute(LISTS) }, (data) => {
    if (!data) return data
    if (!leaves) return { ...data, items: patch(data.items).map((row) => withThread(row, ids, change)) }
    const items = data.items.filter((one) => !ids.has(one.id))
    return { ...data, items, total: data.total - (data.items.length - items.length) }
  })
  if (change === 'gone') return
  client.setQueriesData<Answer<typeof THREADS>>(
    { predicate: isRoute(THREADS) },
    (data) => data && { ...data, messages: patch(data.messages) },
  )
  client.setQueriesData<Message>(
    { predicate: isRoute(ONE) },
    (data) => data && (ids.has(data.id) ? changed(data, change) : data),
  )
}

function withThread(row: Row, ids: ReadonlySet<string>, change: Change | 'gone'): Row {
  if (change === 'gone' || change.read === undefined || !ids.has(row.id)) return row
  return { ...row, thread: { ...row.thread, unread: change.read ? 0 : Math.max(1, row.thread.unread) } }
}

const UNDO_ENDS_BEFORE_MS = 500

interface How {
  /** Whole conversations, as the list shows them. */
  readonly thread?: boolean
  /** Said when it is done, with a button that takes it back. */
  readonly say?: string
}

/** What a person does with mail: drawn at once, taken back with one press, and drawn back with the reason when refused. */
export function useMail() {
  const client = useQueryClient()
  return useMemo(() => {
    const settle = (): Promise<unknown> => refresh(client, 'mail')
    const failed = (error: ApiProblem): void => {
      tellProblem(error)
      void settle()
    }
    const send = async (ids: readonly string[], change: Change, thread: boolean) => {
      const answer = await call('POST /api/mail/messages/change', { body: { ids: [...ids], thread, change } })
      const [refused] = answer.refused
      if (refused) tellProblem(new Error(t.refused(answer.refused.length, refused.problem)))
      return answer
    }
    const takeBack = (targets: readonly Target[], done: readonly string[], change: Change): void => {
      const steps = undoOf(targets, done, change)
      for (const step of steps) redraw(client, new Set(step.ids), step.change)
      Promise.all(steps.map((step) => send(step.ids, step.change, false))).then(settle, failed)
    }
    const change = (targets: readonly Target[], to: Change, { thread = false, say }: How = {}): void => {
      if (targets.length === 0) return
      redraw(client, new Set(targets.map((one) => one.id)), to)
      send(
        targets.map((one) => one.id),
        to,
        thread,
      ).then((answer) => {
        if (say !== undefined && answer.changed.length > 0)
          tellUndo(say, () => takeBack(targets, answer.changed, to))
        return settle()
      }, failed)
    }
    /** With words to say it can be taken back, so it happens a little later; without, at once. */
    const remove = (targets: readonly Target[], { thread = false, say }: How = {}): void => {
      if (targets.length === 0) return
      const ids = targets.map((one) => one.id)
      redraw(client, new Set(ids), 'gone')
      const act = (): void => {
        call('POST /api/mail/messages/delete', { body: { ids, thread } }).then((answer) => {
          const [refused] = answer.refused
          if (refused) tellProblem(new Error(t.refused(answer.refused.length, refused.problem)))
          return settle()
        }, failed)
      }
      if (say === undefined) act()
      else
        tellUndo(
          say,
          leaveLater({ ids, thread, act, back: () => void settle() }),
          DELETE_AFTER_MS - UNDO_ENDS_BEFORE_MS,
        )
    }
    return { change, remove, settle }
  }, [client])
}
