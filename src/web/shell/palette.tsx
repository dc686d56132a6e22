import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import {
  IconAddressBook,
  IconBolt,
  IconCalendar,
  IconChecklist,
  IconFile,
  IconMail,
  IconMailbox,
  IconSearch,
  IconUser,
  type Icon,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useMemo, useState, type KeyboardEvent } from 'react'
import { useAct, useAsk, type Item } from '../api/client.ts'
import { useIsAdministrator, useMayAct } from '../api/session.ts'
import { text } from '../text/en.ts'
import { frameMore } from '../text/en/frame-more.ts'
import { tellDone, tellProblem } from '../ui/tell.ts'
import css from './frame.module.css'
import { places } from './places.ts'
import { Modal } from '../ui/dialog.tsx'

interface Entry {
  readonly id: string
  readonly group: string
  readonly label: string
  readonly detail?: string | null
  readonly icon: Icon
  readonly run: () => void
}

type Found = Item<'GET /api/search'>
const icons: Record<Found['kind'], Icon> = {
  contact: IconAddressBook,
  account: IconAddressBook,
  lead: IconAddressBook,
  case: IconAddressBook,
  event: IconCalendar,
  task: IconChecklist,
  message: IconMail,
  mailbox: IconMailbox,
  user: IconUser,
}
function addressOfFound(found: Found): string {
  switch (found.kind) {
    case 'event':
      return `/calendar?event=${encodeURIComponent(found.id)}`
    case 'task':
      return `/tasks?task=${encodeURIComponent(found.id)}`
    case 'message':
      return `/mail?message=${encodeURIComponent(found.id)}`
    case 'mailbox':
      return `/system/mailboxes/${encodeURIComponent(found.id)}`
    case 'user':
      return `/system/users?user=${encodeURIComponent(found.id)}`
    default:
      return `/records/${found.kind}/${encodeURIComponent(found.id)}`
  }
}

const SEARCH_WAIT_MS = 120

/** Every page, record and action behind a few letters. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate()
  const listId = useId()
  const admin = useIsAdministrator()
  const mayAct = useMayAct()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const [query] = useDebouncedValue(typed.trim(), SEARCH_WAIT_MS)
  const found = useAsk(
    'GET /api/search',
    { query: { q: query, size: 12 } },
    { enabled: query !== '', keep: true },
  )
  const sync = useAct('POST /api/sync', {
    changes: ['status', 'mailboxes'],
    done: () => tellDone(text.overview.queued),
  })

  const go = (to: string) => () => void navigate({ href: to })
  const fixed: Entry[] = [
    ...places.map((place) => ({
      id: place.to,
      group: text.frame.pages,
      label: place.label,
      icon: place.icon,
      run: go(place.to),
    })),
    ...frameMore.pages
      .filter((page) => admin || !page.admin)
      .map((page) => ({
        id: page.to,
        group: text.frame.pages,
        label: page.label,
        icon: IconFile,
        run: go(page.to),
      })),
    ...(mayAct
      ? [
          {
            id: 'sync',
            group: text.frame.actions,
            label: text.frame.syncAll,
            icon: IconBolt,
            run: () => sync.mutate({ body: {} }, { onError: tellProblem }),
          },
          {
            id: 'new-event',
            group: text.frame.actions,
            label: frameMore.newEvent,
            icon: IconBolt,
            run: go('/calendar?new=event'),
          },
          {
            id: 'new-task',
            group: text.frame.actions,
            label: frameMore.newTask,
            icon: IconBolt,
            run: go('/tasks?new=task'),
          },
        ]
      : []),
  ]
  const letters = typed.trim().toLowerCase()
  const entries = useMemo<readonly Entry[]>(() => {
    const fits = fixed.filter((entry) => entry.label.toLowerCase().includes(letters))
    const records =
      letters === ''
        ? []
        : (found.data?.items ?? []).map((one) => ({
            id: `${one.kind} ${one.id}`,
            group: text.frame.found,
            label: one.title,
            detail: one.detail,
            icon: icons[one.kind],
            run: go(addressOfFound(one)),
          }))
    return [...fits, ...records]
  }, [letters, found.data])
  useEffect(() => setAt(0), [entries])

  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    onClose()
    entry.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt((now) => Math.min(entries.length - 1, now + 1))
    else if (event.key === 'ArrowUp') setAt((now) => Math.max(0, now - 1))
    else if (event.key === 'Enter') run(entries[at])
    else return
    event.preventDefault()
  }
  useEffect(() => {
    document.getElementById(`${listId}-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at, listId])

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={600}
      yOffset="12vh"
      title={text.frame.search}
      classNames={{ header: 'visually-hidden' }}
    >
      <div className={css['palette']}>
        <TextInput
          data-autofocus
          variant="unstyled"
          size="md"
          px={12}
          py={6}
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={entries.length > 0 ? `${listId}-${at}` : undefined}
          aria-label={text.frame.search}
          placeholder={text.frame.searchPlaceholder}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <div id={listId} role="listbox" aria-label={text.frame.search} className={css['paletteList']}>
          {entries.map((entry, index) => (
            <div key={entry.id} role="presentation">
              {entries[index - 1]?.group !== entry.group && (
                <div className={css['paletteGroup']} role="presentation">
                  {entry.group}
                </div>
              )}
              <div
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === at}
                className={css['paletteItem']}
                onClick={() => run(entry)}
                onMouseMove={() => setAt(index)}
              >
                <entry.icon size={16} stroke={1.6} aria-hidden />
                <div>
                  {entry.label}
                  {entry.detail && <small>{entry.detail}</small>}
                </div>
              </div>
            </div>
          ))}
          {entries.length === 0 && <div className={css['paletteGroup']}>{text.frame.searchEmpty}</div>}
        </div>
      </div>
    </Modal>
  )
}
