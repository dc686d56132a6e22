import {
  IconAlertCircle,
  IconArchive,
  IconChevronDown,
  IconChevronRight,
  IconFolder,
  IconInbox,
  IconStack2,
  IconPencil,
  IconSend,
  IconSend2,
  IconTrash,
  type Icon,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import type { Search } from '../../ui/url-state.ts'
import css from './folders.module.css'
import { FOLDER_PARTS, placeOf, type PlaceName } from './query.ts'
import type { Folder, Mailbox, Tree } from './use-mail.ts'

const KNOWN: { readonly [name: string]: Icon } = {
  inbox: IconInbox,
  sentitems: IconSend,
  drafts: IconPencil,
  archive: IconArchive,
  deleteditems: IconTrash,
  junkemail: IconAlertCircle,
}
const FOLDED_KEY = 'syncline-mail-folded'

/** Children go below their parents; the server sends parents first. Pure. */
export function depthsOf(folders: readonly Folder[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const one of folders) depths.set(one.id, one.parent === null ? 0 : (depths.get(one.parent) ?? -1) + 1)
  return depths
}
/** Whether a folder lies in one that is folded, however deep. Pure. */
export function isHidden(folder: Folder, folders: readonly Folder[], folded: ReadonlySet<string>): boolean {
  for (let at = folder.parent; at !== null;) {
    if (folded.has(at)) return true
    at = folders.find((one) => one.id === at)?.parent ?? null
  }
  return false
}

interface Props {
  readonly tree: Tree
  readonly url: Search
  readonly onChosen?: () => void
}
export function Folders({ tree, url, onChosen }: Props) {
  const mayAct = useMayAct()
  const outgoing = useAsk('GET /api/mail/outgoing', { query: { size: 1 } }, { enabled: mayAct })
  const attention = outgoing.data?.attention ?? 0
  const [folded, setFolded] = useState<ReadonlySet<string>>(readFolded)
  const fold = (id: string): void => {
    const next = new Set(folded)
    if (!next.delete(id)) next.add(id)
    localStorage.setItem(FOLDED_KEY, JSON.stringify([...next]))
    setFolded(next)
  }
  const view = url['view']
  const place = view === undefined ? placeOf(url) : null
  const several = tree.mailboxes.length > 1
  const unread = tree.mailboxes.reduce(
    (sum, box) => sum + (box.folders.find((one) => one.wellKnown === 'inbox')?.unread ?? 0),
    0,
  )
  return (
    <nav className={css['folders']} aria-label={t.folders} onClick={onChosen}>
      <ul>
        {several && (
          <Entry
            icon={IconStack2}
            name={t.places.inbox}
            note={t.everywhere}
            count={unread}
            here={place === 'inbox'}
            to={{ place: 'inbox' }}
          />
        )}
        {mayAct && (
          <>
            <Entry icon={IconPencil} name={t.myDrafts} here={view === 'drafts'} to={{ view: 'drafts' }} />
            <Entry
              icon={IconSend2}
              name={t.outbox}
              here={view === 'outbox'}
              to={{ view: 'outbox' }}
              alarm={attention}
            />
          </>
        )}
        <Entry
          icon={IconStack2}
          name={t.allMail}
          here={view === undefined && url['all'] === 'yes'}
          to={{ all: 'yes' }}
        />
      </ul>
      {tree.mailboxes.map((box) => (
        <section key={box.id} aria-label={box.label}>
          <h2 className={css['mailbox']} title={box.address}>
            <span>{box.label}</span>
            {box.kind === 'shared' && <small>{t.shared}</small>}
          </h2>
          <ul>
            {box.folders
              .filter((folder) => !isHidden(folder, box.folders, folded))
              .map((folder) => (
                <FolderEntry
                  key={folder.id}
                  folder={folder}
                  box={box}
                  depth={depthsOf(box.folders).get(folder.id) ?? 0}
                  folded={folded.has(folder.id)}
                  onFold={() => fold(folder.id)}
                  here={
                    view === undefined &&
                    (url['folder'] === folder.folder ||
                      (!several && place !== null && folder.wellKnown === place))
                  }
                />
              ))}
          </ul>
        </section>
      ))}
      <Link to="/me/$page" params={{ page: 'email' }} className={css['choose']}>
        {t.chooseFolders}
      </Link>
    </nav>
  )
}

function FolderEntry({
  folder,
  box,
  depth,
  folded,
  onFold,
  here,
}: {
  readonly folder: Folder
  readonly box: Mailbox
  readonly depth: number
  readonly folded: boolean
  readonly onFold: () => void
  readonly here: boolean
}) {
  const parent = box.folders.some((one) => one.parent === folder.id)
  const Shape = KNOWN[folder.wellKnown ?? ''] ?? IconFolder
  const Arrow = folded ? IconChevronRight : IconChevronDown
  const isDrafts = folder.wellKnown === 'drafts'
  const number = isDrafts ? folder.total : folder.unread
  const inside = (
    <>
      <Shape size={16} stroke={1.6} aria-hidden />
      <span className={css['name']}>{folder.name}</span>
      {folder.syncs && number > 0 && (
        <span className={css['count']} aria-label={isDrafts ? undefined : t.unread(number)}>
          {formatNumber(number)}
        </span>
      )}
      {folder.trouble !== null && (
        <IconAlertCircle size={14} className={css['trouble']} aria-label={folder.trouble} role="img" />
      )}
    </>
  )
  return (
    <li style={{ paddingLeft: depth * 14 }} className={css['item']}>
      {folder.syncs ? (
        <Link
          to="/mail"
          search={(before: Search) => chosen(before, { folder: folder.folder })}
          className={css['entry']}
          aria-current={here ? 'page' : undefined}
          data-unread={!isDrafts && folder.unread > 0 ? '' : undefined}
          data-folder={folder.folder}
          title={folder.trouble ?? undefined}
        >
          {inside}
        </Link>
      ) : (
        <span className={css['entry']} data-off="" title={t.notInStep}>
          {inside}
          <span className="visually-hidden">, {t.notInStepShort}</span>
        </span>
      )}
      {parent && (
        <button
          type="button"
          className={css['fold']}
          aria-expanded={!folded}
          aria-label={folded ? t.expand(folder.name) : t.collapse(folder.name)}
          onClick={(event) => {
            event.stopPropagation()
            onFold()
          }}
        >
          <Arrow size={14} aria-hidden />
        </button>
      )}
    </li>
  )
}

function Entry({
  icon: Shape,
  name,
  note,
  count = 0,
  alarm = 0,
  here,
  to,
}: {
  readonly icon: Icon
  readonly name: string
  readonly note?: string
  readonly count?: number
  readonly alarm?: number
  readonly here: boolean
  readonly to: { readonly [name: string]: string }
}) {
  return (
    <li className={css['item']}>
      <Link
        to="/mail"
        search={(before: Search) => chosen(before, to)}
        className={css['entry']}
        aria-current={here ? 'page' : undefined}
        data-unread={count > 0 ? '' : undefined}
      >
        <Shape size={16} stroke={1.6} aria-hidden />
        <span className={css['name']}>
          {name}
          {note !== undefined && <small>{note}</small>}
        </span>
        {count > 0 && (
          <span className={css['count']} aria-label={t.unread(count)}>
            {formatNumber(count)}
          </span>
        )}
        {alarm > 0 && (
          <span className={css['alarm']} aria-label={t.outboxAttention(alarm)}>
            {formatNumber(alarm)}
          </span>
        )}
      </Link>
    </li>
  )
}

/** Another place with the same filters; what was open is closed. */
const chosen = (before: Search, to: { readonly [name: string]: string | PlaceName }): Search => {
  const after: Record<string, string | undefined> = { ...before, ...to }
  for (const name of Object.keys(FOLDER_PARTS)) if (!(name in to)) after[name] = undefined
  return after
}

function readFolded(): ReadonlySet<string> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(FOLDED_KEY) ?? '[]')
    return new Set(Array.isArray(read) ? read.filter((one) => typeof one === 'string') : [])
  } catch {
    return new Set()
  }
}

/** What the folder that is looked at is called. */
export function titleOf(tree: Tree | undefined, url: Search): string {
  if (url['view'] === 'drafts') return t.myDrafts
  if (url['view'] === 'outbox') return t.outbox
  if (url['all'] === 'yes') return t.allMail
  const all = tree?.mailboxes.flatMap((box) => box.folders) ?? []
  const place = placeOf(url)
  const folder = all.find((one) => (place === null ? one.folder === url['folder'] : one.wellKnown === place))
  return folder?.name ?? (place === 'inbox' ? t.places.inbox : text.common.search)
}
