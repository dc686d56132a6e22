import { Button, Checkbox, Radio } from '@mantine/core'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Card, Help, Loaded, Section } from '../../ui/page.tsx'
import { tellProblem } from '../../ui/tell.ts'
import type { SectionProps } from './mailbox-draft.ts'
import css from './mailroom.module.css'

type Folder = Item<'GET /api/system-mailboxes/:mailbox/folders'>

/** Which folders of a system mailbox take part, as the tree that they are. */
export function FoldersSection({ mailbox, draft, change }: SectionProps) {
  const params = { mailbox: mailbox.mailbox }
  const folders = useAsk('GET /api/system-mailboxes/:mailbox/folders', { params }, { everyMs: 10_000 })
  const again = useAct('POST /api/system-mailboxes/:mailbox/folders/refresh', {
    changes: ['system-mailboxes'],
  })
  const chosen = draft.folders !== undefined ? draft.folders : mailbox.folders
  return (
    <Section
      title={t.synchronization}
      help={t.foldersHelp}
      aside={
        <Button
          variant="default"
          size="xs"
          loading={again.isPending}
          onClick={() => again.mutate({ params }, { onError: tellProblem })}
        >
          {t.refreshFolders}
        </Button>
      }
    >
      <Card>
        <Loaded of={folders}>
          {({ items }) => {
            const usual = items
              .filter((one) => one.wellKnown === 'inbox' || one.wellKnown === 'sentitems')
              .map((one) => one.id)
            return items.length === 0 ? (
              <Help>{t.foldersEmpty}</Help>
            ) : (
              <div className={css['choices']} role="radiogroup" aria-label={t.synchronization}>
                <Radio
                  size="xs"
                  label={t.foldersDefault}
                  checked={chosen === null}
                  onChange={() => change({ folders: null })}
                />
                <Radio
                  size="xs"
                  label={t.foldersChosen}
                  checked={chosen !== null}
                  onChange={() => change({ folders: usual })}
                />
                {chosen !== null && (
                  <ul className={css['tree']} aria-label={t.foldersChosen}>
                    <Branch
                      folders={items}
                      parent={null}
                      chosen={new Set(chosen)}
                      onToggle={(id, on) =>
                        change({ folders: on ? [...chosen, id] : chosen.filter((one) => one !== id) })
                      }
                    />
                  </ul>
                )}
              </div>
            )
          }}
        </Loaded>
      </Card>
    </Section>
  )
}

interface BranchProps {
  readonly folders: readonly Folder[]
  readonly parent: string | null
  readonly chosen: ReadonlySet<string>
  readonly onToggle: (id: string, on: boolean) => void
}
function Branch({ folders, parent, chosen, onToggle }: BranchProps) {
  // What hangs on a folder that is not listed (the mailbox's own root) begins the tree.
  const known = new Set(folders.map((one) => one.id))
  const here = folders.filter((one) =>
    parent === null ? one.parent === null || !known.has(one.parent) : one.parent === parent,
  )
  return here.map((folder) => (
    <li key={folder.id}>
      <Checkbox
        size="xs"
        label={folder.name}
        description={
          folder.trouble ?? (folder.total === null ? undefined : t.unreadOf(folder.unread ?? 0, folder.total))
        }
        checked={chosen.has(folder.id)}
        onChange={(e) => onToggle(folder.id, e.currentTarget.checked)}
      />
      {folders.some((one) => one.parent === folder.id) && (
        <ul className={css['tree']}>
          <Branch folders={folders} parent={folder.id} chosen={chosen} onToggle={onToggle} />
        </ul>
      )}
    </li>
  ))
}
