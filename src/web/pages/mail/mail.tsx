import { ActionIcon, Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconMailOpened, IconMenu2, IconPencilPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useAct, useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatDuration, formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import { Drawer } from '../../ui/dialog.tsx'
import { useKeys } from '../../ui/keys.ts'
import { Empty, Note, Progress, Skeleton, Trouble } from '../../ui/page.tsx'
import { tellProblem } from '../../ui/tell.ts'
import { useUrl } from '../../ui/url-state.ts'
import { Drafts } from './drafts.tsx'
import { Folders, titleOf } from './folders.tsx'
import { MailList } from './list.tsx'
import css from './mail.module.css'
import type { How } from './message-card.tsx'
import { Outbox } from './outbox.tsx'
import { Reading } from './reading.tsx'
import type { Message, Tree } from './use-mail.ts'
import { readRecipient } from './compose/recipients.ts'

const loadComposer = () => import('./compose/composer.tsx')
const Composer = lazy(() => loadComposer().then((m) => ({ default: m.Composer })))
const FETCH_AHEAD_AFTER_MS = 1_500

/** Folders, messages, and the conversation that is open: beside each other, or one at a time where there is no room. */
export function MailPage() {
  const [url, setUrl] = useUrl()
  const tree = useAsk('GET /api/mail/folders', {})
  const wide = useMediaQuery('(min-width: 900px)', true, { getInitialValueInEffect: false })
  const roomy = useMediaQuery('(min-width: 1180px)', true, { getInitialValueInEffect: false })
  const [folders, setFolders] = useState(false)
  const mayAct = useMayAct()
  const begin = useAct('POST /api/mail/drafts', {
    changes: ['mail/drafts'],
    done: (draft) => setUrl({ compose: draft.id, to: null, subject: null }),
  })
  const start = (body: NonNullable<Parameters<typeof begin.mutate>[0]['body']>): void => {
    if (!begin.isPending) begin.mutate({ body }, { onError: tellProblem })
  }
  const inMailbox = tree.data?.mailboxes.find((box) =>
    box.folders.some((one) => one.folder === url['folder']),
  )
  const compose = (): void => {
    const to = readRecipient(url['to'] ?? '')
    start({
      ...(inMailbox?.canSend && { mailbox: inMailbox.id }),
      ...(to && { to: [to] }),
      ...(url['subject'] !== undefined && { subject: url['subject'] }),
    })
  }
  const answer = (message: Message, how: How): void => start({ answers: { message: message.id, how } })
  const edit = (message: Message): void =>
    message.draft === null ? start({ edit: message.id }) : setUrl({ compose: message.draft })

  // So that the first letter of an answer does not wait for the editor.
  useEffect(() => {
    if (!mayAct) return
    const timer = window.setTimeout(() => void loadComposer(), FETCH_AHEAD_AFTER_MS)
    return () => window.clearTimeout(timer)
  }, [mayAct])

  // A link may begin a message: /mail?compose=new&to=…
  const wanted = url['compose'] === 'new' && mayAct && tree.data !== undefined
  const begun = useRef(false)
  useEffect(() => {
    if (!wanted) begun.current = false
    else if (!begun.current) {
      begun.current = true
      compose()
    }
  })
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
  const view = url['view']
  const isList = view !== 'drafts' && view !== 'outbox'
  const opened = isList ? url['m'] : undefined
  const folderTree = (
    <Folders tree={tree.data} url={url} {...(!roomy && { onChosen: () => setFolders(false) })} />
  )
  return (
    <div className={css['page']} data-fill>
      <States tree={tree.data} />
      <div
        className={css['panes']}
        data-opened={opened === undefined ? undefined : ''}
        data-view={isList ? undefined : ''}
      >
        {roomy && <aside className={css['folders']}>{folderTree}</aside>}
        {isList ? (
          <>
            {(wide || opened === undefined) && (
              <MailList
                tree={tree.data}
                wide={wide}
                onFolders={() => setFolders(true)}
                onCompose={mayAct ? compose : undefined}
              />
            )}
            {opened !== undefined ? (
              <Reading
                key={opened}
                tree={tree.data}
                id={opened}
                threaded={tree.data.threaded}
                alone={!wide}
                onAnswer={mayAct ? answer : undefined}
                onEdit={mayAct ? edit : undefined}
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
        ) : (
          <div className={css['whole']}>
            <header className={css['titleLine']}>
              <ActionIcon
                className={css['foldersButton']}
                aria-label={t.showFolders}
                onClick={() => setFolders(true)}
              >
                <IconMenu2 size={18} />
              </ActionIcon>
              <h1>{title}</h1>
              {mayAct && (
                <ActionIcon
                  className={css['composeButton']}
                  variant="filled"
                  color="accent"
                  aria-label={t.compose}
                  title={t.compose}
                  onClick={compose}
                >
                  <IconPencilPlus size={17} />
                </ActionIcon>
              )}
            </header>
            <Keys onCompose={compose} />
            {view === 'drafts' ? (
              <Drafts onEdit={(draft) => setUrl({ compose: draft })} onCompose={compose} />
            ) : (
              <Outbox onEdit={(draft) => setUrl({ compose: draft })} />
            )}
          </div>
        )}
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
      {begin.isPending && <ComposerShell />}
      <Suspense fallback={<ComposerShell />}>
        {url['compose'] !== undefined && url['compose'] !== 'new' && (
          <Composer
            key={url['compose']}
            draft={url['compose']}
            onClose={() => setUrl({ compose: null })}
            onReopen={(draft) => setUrl({ compose: draft })}
          />
        )}
      </Suspense>
    </div>
  )
}

/** In the composer's place until it is there: keys that are pressed meanwhile belong to it, not to the list. */
function ComposerShell() {
  return (
    <Drawer
      opened
      onClose={() => undefined}
      size={760}
      title={t.compose}
      withCloseButton={false}
      transitionProps={{ duration: 0 }}
    >
      <Skeleton rows={6} />
    </Drawer>
  )
}

function Keys({ onCompose }: { readonly onCompose: () => void }) {
  useKeys({ c: onCompose })
  return null
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
