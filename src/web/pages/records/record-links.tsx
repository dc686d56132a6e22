import { ActionIcon, Popover, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconLink, IconPlus, IconX } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, refresh, useAct, useAsk, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { links as t } from '../../text/en/links.ts'
import { tellProblem } from '../../ui/tell.ts'
import { tellUndo } from '../../ui/tell-undo.tsx'
import css from './record-links.module.css'

type RecordLink = Item<'GET /api/items/:item/links'>
type Kind = RecordLink['kind']
const isKind = (kind: string): kind is Kind => Object.hasOwn(t.kinds, kind)
const CHANGES = ['items', 'mail', 'records', 'calendar', 'tasks']
const TYPE_WAIT_MS = 150

/**
 * The contacts, accounts, leads and cases that a message, event or task appears on, each with its reason. What a person
 * puts on or takes off counts for the whole thread.
 */
export function RecordLinks({ item }: { readonly item: string }) {
  const client = useQueryClient()
  const mayAct = useMayAct()
  const asked = useAsk('GET /api/items/:item/links', { params: { item } })
  const add = useAct('POST /api/items/:item/links', { changes: CHANGES })
  const put = (kind: Kind, record: string, title: string): void => {
    add.mutate(
      { params: { item }, body: { kind, record } },
      {
        onSuccess: () => tellUndo(t.added(title), () => take(kind, record, title, false)),
        onError: tellProblem,
      },
    )
  }
  const take = (kind: Kind, record: string, title: string, say: boolean): void => {
    call('DELETE /api/items/:item/links/:kind/:record', { params: { item, kind, record } }).then(() => {
      if (say) tellUndo(t.removed(title), () => put(kind, record, title))
      return refresh(client, ...CHANGES)
    }, tellProblem)
  }
  const rows = asked.data?.items ?? []
  return (
    <div className={css['links']}>
      <IconLink size={14} aria-hidden />
      <span>{rows.length === 0 && asked.data ? t.nowhere : t.title}</span>
      {rows.length > 0 && (
        <ul aria-label={t.title}>
          {rows.map((one) => (
            <li key={`${one.kind} ${one.id}`} title={one.why}>
              <Link to={`/records/${one.kind}/${one.id}`}>{one.title}</Link>
              <span className="visually-hidden"> ({one.why})</span>
              {mayAct && (
                <ActionIcon
                  size={20}
                  aria-label={t.remove(one.title)}
                  title={t.remove(one.title)}
                  onClick={() => take(one.kind, one.id, one.title, true)}
                >
                  <IconX size={12} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayAct && <Add taken={new Set(rows.map((one) => one.id))} onPick={put} />}
    </div>
  )
}

function Add({
  taken,
  onPick,
}: {
  readonly taken: ReadonlySet<string>
  readonly onPick: (kind: Kind, record: string, title: string) => void
}) {
  const [opened, setOpened] = useState(false)
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), TYPE_WAIT_MS)
  const found = useAsk(
    'GET /api/search',
    { query: { q, size: 40 } },
    { enabled: opened && q !== '', keep: true },
  )
  const fits =
    q === '' ? [] : (found.data?.items ?? []).filter((one) => isKind(one.kind) && !taken.has(one.id))
  const pick = (one: (typeof fits)[number] | undefined): void => {
    if (one === undefined || !isKind(one.kind)) return
    onPick(one.kind, one.id, one.title)
    setOpened(false)
    setTyped('')
  }
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={300}
      position="top-start"
      trapFocus
      returnFocus
      shadow="md"
    >
      <Popover.Target>
        <ActionIcon size={24} aria-label={t.add} title={t.add} onClick={() => setOpened(!opened)}>
          <IconPlus size={14} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={t.add}>
        <TextInput
          size="xs"
          data-autofocus
          aria-label={t.find}
          placeholder={t.find}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            pick(fits[0])
          }}
        />
        <ul className={css['pick']}>
          {fits.map((one) => (
            <li key={one.id}>
              <button type="button" onClick={() => pick(one)}>
                <span>{one.title}</span>
                <small>{isKind(one.kind) ? t.kinds[one.kind] : ''}</small>
              </button>
            </li>
          ))}
          {fits.length === 0 && <li className={css['dim']}>{q === '' ? t.typeMore : t.none}</li>}
        </ul>
      </Popover.Dropdown>
    </Popover>
  )
}
