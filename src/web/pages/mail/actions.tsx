import { ActionIcon, Button, Popover, TextInput, Tooltip } from '@mantine/core'
import {
  IconFlag3,
  IconFlagOff,
  IconFolderSymlink,
  IconMail,
  IconMailOpened,
  IconTag,
  IconTrash,
  type Icon,
} from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useAsk } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import { Modal } from '../../ui/dialog.tsx'
import { useKeys } from '../../ui/keys.ts'
import css from './mail.module.css'
import type { Target } from './changes.ts'
import { useMail, type Folder, type Tree } from './use-mail.ts'

interface Props {
  readonly targets: readonly Target[]
  readonly tree: Tree
  /** Whole conversations, as the list shows them. */
  readonly thread: boolean
  /** The keys act on what is here. */
  readonly keyed: boolean
  /** The messages left the list: what comes next? */
  readonly onGone: () => void
}

/** What can be done with messages, one or many, by mouse and by key. */
export function Actions({ targets, tree, thread, keyed, onGone }: Props) {
  const { change, remove } = useMail()
  const [open, setOpen] = useState<'move' | 'category' | 'forever' | null>(null)
  const n = targets.length
  const anyUnread = targets.some((one) => !one.read)
  const anyFlagged = targets.some((one) => one.flag === 'flagged')
  const bin = new Set(
    tree.mailboxes.flatMap((box) =>
      box.folders.filter((one) => one.wellKnown === 'deleteditems').map((one) => one.folder),
    ),
  )
  const inBin = targets.filter((one) => bin.has(one.folder)).length
  const read = (to: boolean): void =>
    change(targets, { read: to }, { thread, say: to ? t.done.read(n) : t.done.unread(n) })
  const flag = (): void =>
    change(
      targets,
      { flag: anyFlagged ? 'notFlagged' : 'flagged' },
      { say: anyFlagged ? t.done.unflag(n) : t.done.flag(n) },
    )
  const gone = (): void => {
    onGone()
    setOpen(null)
  }
  const take = (): void => {
    if (n === 0) return
    if (inBin > 0) {
      setOpen('forever')
      return
    }
    remove(targets, { thread, say: t.done.delete(n) })
    gone()
  }
  const move = (folder: Folder): void => {
    change(targets, { folder: folder.folder }, { thread, say: t.done.move(n, folder.name) })
    gone()
  }
  useKeys(
    keyed && n > 0
      ? {
          u: () => read(false),
          s: flag,
          '#': take,
          Delete: take,
          v: () => setOpen('move'),
          l: () => setOpen('category'),
        }
      : {},
  )
  return (
    <div className={css['actions']} role="group" aria-label={text.common.actions}>
      <Act
        icon={anyUnread ? IconMailOpened : IconMail}
        label={anyUnread ? t.markRead : t.markUnread}
        onClick={() => read(anyUnread)}
      />
      <Act
        icon={anyFlagged ? IconFlagOff : IconFlag3}
        label={anyFlagged ? t.unflag : t.flag}
        onClick={flag}
      />
      <Pick
        opened={open === 'move'}
        onChange={(on) => setOpen(on ? 'move' : null)}
        icon={IconFolderSymlink}
        label={t.move}
      >
        <FolderPick tree={tree} targets={targets} onPick={move} />
      </Pick>
      <Pick
        opened={open === 'category'}
        onChange={(on) => setOpen(on ? 'category' : null)}
        icon={IconTag}
        label={t.categorize}
      >
        <CategoryPick targets={targets} thread={thread} />
      </Pick>
      <Act icon={IconTrash} label={t.delete} onClick={take} />
      <Modal
        opened={open === 'forever'}
        onClose={() => setOpen(null)}
        title={t.deleteForever(n)}
        closeButtonProps={{ 'aria-label': text.common.close }}
      >
        <p>{t.deleteForeverQuestion(inBin)}</p>
        <div className={css['dialogActions']}>
          <Button variant="default" onClick={() => setOpen(null)}>
            {text.common.cancel}
          </Button>
          <Button
            color="red"
            onClick={() => {
              remove(targets, { thread })
              gone()
            }}
          >
            {t.deleteForever(n)}
          </Button>
        </div>
      </Modal>
    </div>
  )
}

export function Act({
  icon: Shape,
  label,
  onClick,
}: {
  readonly icon: Icon
  readonly label: string
  readonly onClick: () => void
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick}>
        <Shape size={17} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  )
}

/** A small surface under its button. */
export function Pick({
  opened,
  onChange,
  icon: Shape,
  label,
  children,
}: {
  readonly opened: boolean
  readonly onChange: (opened: boolean) => void
  readonly icon: Icon
  readonly label: string
  readonly children: ReactNode
}) {
  return (
    <Popover
      opened={opened}
      onChange={onChange}
      width={280}
      position="bottom-end"
      trapFocus
      returnFocus
      withinPortal
      shadow="md"
      transitionProps={{ duration: 80 }}
    >
      <Popover.Target>
        <ActionIcon aria-label={label} title={label} onClick={() => onChange(!opened)}>
          <Shape size={17} stroke={1.7} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={label}>
        {opened && children}
      </Popover.Dropdown>
    </Popover>
  )
}

/** Folders of the mailbox that all the messages lie in: Microsoft moves within one mailbox only. */
function FolderPick({
  tree,
  targets,
  onPick,
}: {
  readonly tree: Tree
  readonly targets: readonly Target[]
  readonly onPick: (folder: Folder) => void
}) {
  const [typed, setTyped] = useState('')
  const here = new Set(targets.map((one) => one.folder))
  const boxes = tree.mailboxes.filter((box) => targets.every((one) => one.mailbox === box.id))
  const fits = boxes
    .flatMap((box) => box.folders)
    .filter(
      (one) =>
        one.syncs &&
        one.canWrite &&
        !(here.size === 1 && here.has(one.folder)) &&
        one.wellKnown !== 'outbox' &&
        one.name.toLowerCase().includes(typed.trim().toLowerCase()),
    )
  return (
    <>
      <TextInput
        size="xs"
        data-autofocus
        aria-label={t.findFolder}
        placeholder={t.findFolder}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = fits
          if (event.key === 'Enter' && first) onPick(first)
        }}
      />
      <ul className={css['pick']} aria-label={t.moveTo}>
        {fits.map((one) => (
          <li key={one.id}>
            <button type="button" onClick={() => onPick(one)}>
              {one.name}
            </button>
          </li>
        ))}
        {fits.length === 0 && <li className={css['dim']}>{t.noFolder}</li>}
      </ul>
    </>
  )
}

function CategoryPick({
  targets,
  thread,
}: {
  readonly targets: readonly Target[]
  readonly thread: boolean
}) {
  const { change } = useMail()
  const used = useAsk('GET /api/mail/categories', {})
  const [typed, setTyped] = useState('')
  const n = targets.length
  const on = (name: string): boolean =>
    targets.length > 0 && targets.every((one) => one.categories.includes(name))
  const names = [
    ...new Set([
      ...targets.flatMap((one) => one.categories),
      ...(used.data?.items ?? []).map((one) => one.name),
    ]),
  ]
  const put = (name: string, to: boolean): void =>
    change(targets, to ? { addCategories: [name] } : { removeCategories: [name] }, {
      thread,
      say: to ? t.done.category(n, name) : t.done.uncategory(n, name),
    })
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const name = typed.trim()
          setTyped('')
          if (name !== '') put(name, true)
        }}
      >
        <TextInput
          size="xs"
          data-autofocus
          aria-label={t.newCategory}
          placeholder={t.newCategory}
          maxLength={255}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </form>
      <ul className={css['pick']} aria-label={t.categorize}>
        {names.map((name) => (
          <li key={name}>
            <label>
              <input type="checkbox" checked={on(name)} onChange={() => put(name, !on(name))} />
              {name}
            </label>
          </li>
        ))}
        {names.length === 0 && <li className={css['dim']}>{t.noCategories}</li>}
      </ul>
    </>
  )
}
