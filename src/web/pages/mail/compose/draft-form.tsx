import { ActionIcon, Button, Menu, NativeSelect, TextInput } from '@mantine/core'
import {
  IconChevronDown,
  IconClock,
  IconPaperclip,
  IconSend,
  IconSignature,
  IconTrash,
} from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState, type DragEvent } from 'react'
import { ApiProblem, call, refresh, type Answer } from '../../../api/client.ts'
import { formatMoment, formatTime } from '../../../format.ts'
import { text } from '../../../text/en.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import { Note, Trouble } from '../../../ui/page.tsx'
import { tellDone, tellProblem } from '../../../ui/tell.ts'
import { tellUndo } from '../../../ui/tell-undo.tsx'
import { Ask } from './ask.tsx'
import css from './compose.module.css'
import { Editor, type EditorHandle } from './editor.tsx'
import { FileList } from './file-list.tsx'
import { LaterDialog } from './later-dialog.tsx'
import { joinQuote, splitQuote } from './quote.ts'
import { Quoted } from './quoted.tsx'
import { RecipientsField } from './recipients-field.tsx'
import { speaksOfFiles } from './recipients.ts'
import { createSaver, type SaveState } from './saver.ts'
import { useFiles } from './use-files.ts'

export type Draft = Answer<'GET /api/mail/drafts/:draft'>
type Needs = Answer<'GET /api/mail/compose'>

const SAVE_AFTER_MS = 1_200
const RETRY_AFTER_MS = 8_000
/** Sent mail cannot be taken back, so it leaves a little later than the button was pressed. */
const UNDO_MS = 8_000
const ROW = {
  root: css['field'] ?? '',
  label: css['fieldLabel'] ?? '',
  wrapper: css['fieldWrap'] ?? '',
  input: css['fieldInput'] ?? '',
}

const formOf = (draft: Draft, written: string) => ({
  mailbox: draft.mailbox,
  subject: draft.subject,
  to: draft.to,
  cc: draft.cc,
  bcc: draft.bcc,
  importance: draft.importance,
  written,
})
type Form = ReturnType<typeof formOf>

const wordsOf = ({ mailbox, subject, body, to, cc, bcc, importance }: Draft) => ({
  ...{ mailbox, subject, body, to, cc, bcc, importance },
})
const isStale = (error: unknown): boolean => error instanceof ApiProblem && error.is('changed-meanwhile')

interface FormProps {
  readonly first: Draft
  readonly needs: Needs
  readonly onClose: () => void
  readonly onReopen: (draft: string) => void
  readonly onReload: (draft: Draft) => void
  readonly closer: { current: () => void }
}

/** The message that is being written: saved by itself, sent once, and never lost by leaving. */
export function DraftForm({ first, needs, onClose, onReopen, onReload, closer }: FormProps) {
  const client = useQueryClient()
  const parts = useMemo(() => splitQuote(first.body.content), [first])
  const [quote, setQuote] = useState(parts.quote)
  const [form, setForm] = useState(() => formOf(first, parts.written))
  const [shown, setShown] = useState({ cc: first.cc.length > 0, bcc: first.bcc.length > 0 })
  const [state, setState] = useState<SaveState>('saved')
  const [trouble, setTrouble] = useState<Error | null>(null)
  const [savedAt, setSavedAt] = useState(first.updatedAt)
  const [dialog, setDialog] = useState<'later' | 'discard' | 'forgotten' | null>(null)
  const [sendAt, setSendAt] = useState<string | undefined>(undefined)
  const [sending, setSending] = useState(false)
  const [over, setOver] = useState(false)
  const editor = useRef<EditorHandle | null>(null)
  const picker = useRef<HTMLInputElement>(null)
  const touched = useRef(false)

  /** The draft as the server last told it. A file that was attached makes a new version of it, and no conflict. */
  const known = useRef(first)
  const versionIfOurs = async (): Promise<number | null> => {
    const now = await call('GET /api/mail/drafts/:draft', { params: { draft: first.id } })
    return JSON.stringify(wordsOf(now)) === JSON.stringify(wordsOf(known.current)) ? now.version : null
  }
  const [saver] = useState(() =>
    createSaver<{ readonly form: Form; readonly quote: string | null }>({
      version: first.version,
      waitMs: SAVE_AFTER_MS,
      retryMs: RETRY_AFTER_MS,
      isConflict: isStale,
      onState: (next, error) => {
        setState(next)
        setTrouble(error)
      },
      save: async (version, now) => {
        const { written, ...rest } = now.form
        const change = {
          ...rest,
          body: { type: 'html' as const, content: joinQuote({ written, quote: now.quote }) },
        }
        const patch = (from: number): Promise<Draft> =>
          call('PATCH /api/mail/drafts/:draft', {
            params: { draft: first.id },
            body: { version: from, change },
          })
        const saved = await patch(version).catch(async (error: unknown) => {
          const own = isStale(error) ? await versionIfOurs() : null
          if (own === null) throw error
          return patch(own)
        })
        known.current = saved
        setSavedAt(saved.updatedAt)
        return saved.version
      },
    }),
  )
  const files = useFiles(first.id, first.attachments, needs.maxAttachmentBytes, () => {
    void versionIfOurs().then((version) => version !== null && saver.rebase(version), tellProblem)
  })
  useEffect(() => () => saver.stop(), [saver])
  const put = (patch: Partial<Form>, keptQuote = quote): void => {
    touched.current = true
    const next = { ...form, ...patch }
    setForm(next)
    saver.put({ form: next, quote: keptQuote })
  }
  const isSafe = state === 'saved' && !files.busy
  useEffect(() => {
    if (isSafe) return
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [isSafe])
  useBlocker({
    disabled: isSafe,
    shouldBlockFn: async ({ current, next }) => {
      if (current.pathname === next.pathname) return false
      if (await saver.flush()) return false
      return !window.confirm(t.leaveQuestion)
    },
    enableBeforeUnload: false,
  })

  /** Begun and left again without a word: as if it had never been begun. */
  const isEmpty = first.version === 1 && !touched.current && files.done.length === 0
  const leave = async (): Promise<void> => {
    if (files.busy && !window.confirm(t.waitUpload)) return
    if (isEmpty)
      await call('DELETE /api/mail/drafts/:draft', { params: { draft: first.id } }).catch(() => undefined)
    else if (!(await saver.flush()) && !window.confirm(t.leaveQuestion)) return
    void refresh(client, 'mail')
    onClose()
  }
  useEffect(() => {
    closer.current = () => void leave()
  })

  const send = async (at: string | undefined): Promise<void> => {
    setSending(true)
    try {
      if (!(await saver.flush())) return
      const version = await versionIfOurs()
      if (version === null) {
        setState('conflict')
        return
      }
      const sent = await call('POST /api/mail/drafts/:draft/send', {
        params: { draft: first.id },
        body: { version, at: at ?? new Date(Date.now() + UNDO_MS).toISOString() },
      })
      const takeBack = (): void => {
        call('POST /api/mail/outgoing/:mail/cancel', { params: { mail: sent.id } }).then(
          (draft) => {
            void refresh(client, 'mail')
            tellDone(t.takenBack)
            onReopen(draft.id)
          },
          (error: Error) =>
            tellProblem(error instanceof ApiProblem && error.is('not-now') ? new Error(t.tooLate) : error),
        )
      }
      if (at === undefined) tellUndo(t.sending(UNDO_MS / 1000), takeBack, UNDO_MS - 500)
      else tellUndo(t.scheduled(formatMoment(at)), takeBack)
      void refresh(client, 'mail')
      onClose()
    } catch (error) {
      setTrouble(error instanceof Error ? error : new Error(String(error)))
    } finally {
      setSending(false)
    }
  }
  const trySend = (at?: string): void => {
    setSendAt(at)
    if (form.to.length + form.cc.length + form.bcc.length === 0) tellProblem(new Error(t.noRecipient))
    else if (files.busy) tellProblem(new Error(t.waitUpload))
    else if (files.done.length === 0 && speaksOfFiles(`${form.subject} ${editor.current?.text() ?? ''}`))
      setDialog('forgotten')
    else void send(at)
  }
  const discard = async (): Promise<void> => {
    saver.stop()
    try {
      await call('DELETE /api/mail/drafts/:draft', { params: { draft: first.id } })
      tellDone(t.discarded)
      void refresh(client, 'mail')
      onClose()
    } catch (error) {
      tellProblem(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const resolveConflict = async (mine: boolean): Promise<void> => {
    const theirs = await call('GET /api/mail/drafts/:draft', { params: { draft: first.id } })
    if (!mine) onReload(theirs)
    else {
      known.current = theirs
      saver.put({ form, quote })
      saver.rebase(theirs.version)
    }
  }
  const from = needs.from.find((one) => one.mailbox === form.mailbox)
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    files.add(event.dataTransfer.files)
  }
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files')
  return (
    <form
      className={css['form']}
      data-over={over ? '' : undefined}
      onSubmit={(event) => {
        event.preventDefault()
        trySend()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented && dialog === null) void leave()
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) trySend()
      }}
      onDragOver={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDrop={drop}
      onPaste={(event) => {
        if (event.clipboardData.files.length === 0) return
        event.preventDefault()
        files.add(event.clipboardData.files)
      }}
    >
      <div className={css['fields']}>
        {state === 'conflict' ? (
          <Note
            tone="held"
            role="alert"
            actions={
              <>
                <Button variant="default" onClick={() => void resolveConflict(true)}>
                  {t.takeMine}
                </Button>
                <Button variant="default" onClick={() => void resolveConflict(false)}>
                  {t.takeTheirs}
                </Button>
              </>
            }
          >
            {t.changedElsewhere}
          </Note>
        ) : (
          trouble && <Trouble error={trouble} />
        )}
        {needs.from.length === 0 && <Note tone="wait">{t.noMailbox}</Note>}
        {needs.from.length > 1 && (
          <NativeSelect
            label={t.from}
            variant="unstyled"
            classNames={ROW}
            value={form.mailbox}
            data={needs.from.map((one) => ({
              value: one.mailbox,
              label: one.name === '' ? one.address : `${one.name}, ${one.address}`,
            }))}
            onChange={(event) => put({ mailbox: event.currentTarget.value })}
          />
        )}
        <div className={css['toLine']}>
          <RecipientsField
            label={t.to}
            value={form.to}
            minimum={needs.autocompleteMinimum}
            autofocus={form.to.length === 0}
            onChange={(to) => put({ to })}
          />
          <span className={css['ccButtons']}>
            {!shown.cc && (
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={t.addCc}
                onClick={() => setShown({ ...shown, cc: true })}
              >
                {t.cc}
              </Button>
            )}
            {!shown.bcc && (
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={t.addBcc}
                onClick={() => setShown({ ...shown, bcc: true })}
              >
                {t.bcc}
              </Button>
            )}
          </span>
        </div>
        {shown.cc && (
          <RecipientsField
            label={t.cc}
            value={form.cc}
            minimum={needs.autocompleteMinimum}
            onChange={(cc) => put({ cc })}
          />
        )}
        {shown.bcc && (
          <RecipientsField
            label={t.bcc}
            value={form.bcc}
            minimum={needs.autocompleteMinimum}
            onChange={(bcc) => put({ bcc })}
          />
        )}
        <TextInput
          label={t.subject}
          variant="unstyled"
          classNames={ROW}
          maxLength={1000}
          value={form.subject}
          onChange={(event) => put({ subject: event.currentTarget.value })}
        />
      </div>
      <div className={css['body']}>
        <Editor
          html={parts.written}
          autofocus={form.to.length > 0}
          onChange={(written) => put({ written })}
          onReady={(handle) => (editor.current = handle)}
          onSend={() => trySend()}
        />
        {quote !== null && (
          <Quoted
            html={quote}
            onDrop={() => {
              setQuote(null)
              put({}, null)
            }}
          />
        )}
        <FileList files={files} forwards={first.forwards} />
      </div>
      <footer className={css['foot']}>
        <div className={css['sendGroup']}>
          <Button
            type="submit"
            size="sm"
            loading={sending}
            disabled={needs.from.length === 0}
            leftSection={<IconSend size={15} aria-hidden />}
          >
            {t.send}
          </Button>
          <Menu position="top-start">
            <Menu.Target>
              <Button size="sm" px={6} aria-label={t.sendLater} title={t.sendLater} disabled={sending}>
                <IconChevronDown size={15} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconClock size={16} />} onClick={() => setDialog('later')}>
                {t.sendLater}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
        <ActionIcon aria-label={t.attach} title={t.attach} onClick={() => picker.current?.click()}>
          <IconPaperclip size={18} />
        </ActionIcon>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label={t.attach}
          onChange={(event) => {
            files.add([...(event.currentTarget.files ?? [])])
            event.currentTarget.value = ''
          }}
        />
        {from && from.signature !== '' && (
          <ActionIcon
            aria-label={t.signature}
            title={t.signature}
            onClick={() => editor.current?.insert(from.signature)}
          >
            <IconSignature size={18} />
          </ActionIcon>
        )}
        <NativeSelect
          size="xs"
          variant="unstyled"
          className={css['importance'] ?? ''}
          aria-label={t.importance}
          value={form.importance}
          data={Object.entries(t.importances).map(([value, label]) => ({
            value,
            label: `${t.importance}: ${label}`,
          }))}
          onChange={(event) => put({ importance: event.currentTarget.value as Form['importance'] })}
        />
        <span className={css['state']} role="status">
          {state === 'saving' || state === 'waiting'
            ? t.saving
            : state === 'saved'
              ? t.savedAt(formatTime(savedAt))
              : t.unsaved}
        </span>
        <ActionIcon
          aria-label={t.discard}
          title={t.discard}
          onClick={() => (isEmpty ? void discard() : setDialog('discard'))}
        >
          <IconTrash size={17} />
        </ActionIcon>
      </footer>
      {over && <div className={css['dropHere']}>{t.drop}</div>}
      {dialog === 'later' && (
        <LaterDialog
          onClose={() => setDialog(null)}
          onSend={(at) => {
            setDialog(null)
            trySend(at)
          }}
        />
      )}
      {dialog === 'discard' && (
        <Ask
          title={t.discardQuestion}
          help={t.discardHelp}
          no={text.common.cancel}
          yes={t.discard}
          danger
          onNo={() => setDialog(null)}
          onYes={() => void discard()}
        />
      )}
      {dialog === 'forgotten' && (
        <Ask
          title={t.forgottenTitle}
          help={t.forgotten}
          no={t.goBack}
          yes={t.sendAnyway}
          onNo={() => setDialog(null)}
          onYes={() => {
            setDialog(null)
            void send(sendAt)
          }}
        />
      )}
    </form>
  )
}
