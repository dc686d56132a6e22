import { Button, Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconMailOpened } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useAsk } from '../../api/client.ts'
import { formatDuration, formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import { Empty, Note, Progress, Skeleton, Trouble } from '../../ui/page.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { Folders, titleOf } from './folders.tsx'
import { MailList } from './list.tsx'
import css from './mail.module.css'
import { Reading } from './reading.tsx'
import type { Tree } from './use-mail.ts'

/** Folders, messages, and the conversation that is open: beside each other, or one at a time where there is no room. */
export function MailPage() {
  const [url] = useUrl()
  const tree = useAsk('GET /api/mail/folders', {})
  const wide = useMediaQuery('(min-width: 900px)', true, { getInitialValueInEffect: false })
  const roomy = useMediaQuery('(min-width: 1180px)', true, { getInitialValueInEffect: false })
  const [folders, setFolders] = useState(false)
  const title = titleOf(tree.data, url)
  useEffect(() => {
    document.title = `${title} · ${t.title} · ${text.common.name}`
  }, [title])

  if (tree.data === undefined)
    return (
      <div className={css['pad']}>
        {tree.error ? (
          <Trouble error={tree.error} retry={() => void tree.refetch()} />
        ) : (
          <Skeleton rows={10} />
        )}
      </div>
    )
  if (tree.data.mailboxes.length === 0)
    return (
      <div className={css['nothing']}>
        <h1>{t.title}</h1>
        <Empty
          icon={IconMailOpened}
          action={
            <Button component={Link} to="/me">
              {t.connect}
            </Button>
          }
        >
          {t.notConnected}
        </Empty>
      </div>
    )
  const opened = url['m']
  const folderTree = (
    <Folders tree={tree.data} url={url} {...(!roomy && { onChosen: () => setFolders(false) })} />
  )
  return (
    <div className={css['page']} data-fill>
      <States tree={tree.data} />
      <div className={css['panes']} data-opened={opened === undefined ? undefined : ''}>
        {roomy && <aside className={css['folders']}>{folderTree}</aside>}
        <>
          {(wide || opened === undefined) && (
            <MailList tree={tree.data} wide={wide} onFolders={() => setFolders(true)} onCompose={undefined} />
          )}
          {opened !== undefined ? (
            <Reading
              key={opened}
              tree={tree.data}
              id={opened}
              threaded={tree.data.threaded}
              alone={!wide}
              onAnswer={undefined}
              onEdit={undefined}
            />
          ) : (
            wide && (
              <div className={css['choose']}>
                <Empty icon={IconMailOpened}>
                  {t.choose}
                  <br />
                  <small>{t.chooseHelp}</small>
                </Empty>
              </div>
            )
          )}
        </>
      </div>
      {!roomy && (
        <Drawer
          opened={folders}
          onClose={() => setFolders(false)}
          position="left"
          size={300}
          title={t.folders}
          closeButtonProps={{ 'aria-label': text.common.close }}
        >
          {folderTree}
        </Drawer>
      )}
    </div>
  )
}

/** What a person must know of their mailboxes before they trust what they see. */
function States({ tree }: { readonly tree: Tree }) {
  return tree.mailboxes.map((box) => {
    if (box.state === 'needs-person')
      return (
        <Note
          key={box.id}
          tone="fail"
          role="alert"
          actions={
            <Button component={Link} to="/me" variant="default">
              {t.reconnect}
            </Button>
          }
        >
          {t.needsPerson(box.address)}
        </Note>
      )
    if (!box.enabled && box.role === 'own')
      return (
        <Note
          key={box.id}
          tone="wait"
          actions={
            <Button component={Link} to="/me/email" variant="default">
              {t.openSettings}
            </Button>
          }
        >
          {t.off}
        </Note>
      )
    if (box.firstSyncDone || box.state === 'disconnected') return null
    const { progress } = box
    return (
      <div key={box.id} className={css['import']} role="status">
        <span>{t.importing(box.address)}</span>
        {progress && (
          <Progress
            done={progress.done}
            total={progress.total}
            label={[
              t.imported(
                formatNumber(progress.done),
                progress.total === null ? null : formatNumber(progress.total),
              ),
              ...(progress.secondsLeft === null ? [] : [t.minutesLeft(formatDuration(progress.secondsLeft))]),
            ].join(', ')}
          />
        )}
      </div>
    )
  })
}
