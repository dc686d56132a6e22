import { ActionIcon, Button, Menu, UnstyledButton } from '@mantine/core'
import {
  IconArrowBackUp,
  IconArrowBackUpDouble,
  IconArrowForwardUp,
  IconChevronDown,
  IconDots,
  IconEyeOff,
  IconInfoCircle,
  IconLock,
  IconMail,
  IconPencil,
  IconPhotoOff,
  IconSun,
  IconWorld,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useComputedColorScheme } from '@mantine/core'
import { useAct } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatExact, formatMoment } from '../../format.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import { Modal } from '../../ui/dialog.tsx'
import { Definitions, Mono, Note } from '../../ui/page.tsx'
import { SyncWords } from '../../ui/sync-words.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RecordLinks } from '../records/record-links.tsx'
import { Attachments } from './attachments.tsx'
import { BodyFrame } from './body-frame.tsx'
import { rememberPicturesOf, showsPicturesOf } from './pictures.ts'
import css from './reading.module.css'
import { useMail, type Message, type Person } from './use-mail.ts'
import { initialsOf, listTime, namesOf, senderOf, subjectOf } from './words.ts'

export type How = 'reply' | 'replyAll' | 'forward'
interface Props {
  readonly message: Message
  readonly mine: ReadonlySet<string>
  readonly previewLimit: number
  readonly defaultReply: 'reply' | 'reply-all'
  readonly expanded: boolean
  /** The only one of its conversation is not folded. */
  readonly alone: boolean
  readonly onToggle: () => void
  readonly onAnswer: ((message: Message, how: How) => void) | undefined
  readonly onEdit: ((message: Message) => void) | undefined
}

/** One message of a conversation: folded to a line, or with its people, its text, its files and where it belongs. */
export function MessageCard(props: Props) {
  const { message, expanded, alone, mine, onToggle } = props
  const who = senderOf(message.from)
  const to = namesOf([...message.to, ...message.cc], mine)
  return (
    <article
      className={css['card']}
      data-expanded={expanded ? '' : undefined}
      data-card={message.id}
      aria-label={`${who}, ${subjectOf(message.subject)}`}
    >
      <header className={css['cardHead']}>
        <span className={css['face']} aria-hidden>
          {initialsOf(who)}
        </span>
        <div className={css['people']}>
          {alone ? (
            <strong>{who}</strong>
          ) : (
            <UnstyledButton
              className={css['toggle']}
              aria-expanded={expanded}
              aria-label={expanded ? t.collapseMessage(who) : t.expandMessage(who)}
              onClick={onToggle}
            >
              <strong data-unread={message.read ? undefined : ''}>{who}</strong>
            </UnstyledButton>
          )}
          {expanded ? (
            <People message={message} summary={to === '' ? '' : t.to(to)} />
          ) : (
            <span className={css['line']}>{message.preview || message.text.slice(0, 160)}</span>
          )}
        </div>
        <div className={css['cardEnd']}>
          {message.isDraft && <span className={css['draftMark']}>{t.draft}</span>}
          {message.at !== null && (
            <time dateTime={message.at} title={formatExact(message.at)}>
              {expanded ? formatMoment(message.at) : listTime(message.at)}
            </time>
          )}
          {expanded && <CardActions {...props} />}
        </div>
      </header>
      {expanded && <CardBody {...props} />}
    </article>
  )
}

function People({ message, summary }: { readonly message: Message; readonly summary: string }) {
  const [open, setOpen] = useState(false)
  if (!open)
    return (
      <UnstyledButton className={css['summary']} aria-expanded={false} onClick={() => setOpen(true)}>
        <span>{summary}</span>
        <IconChevronDown size={13} aria-hidden />
      </UnstyledButton>
    )
  const line = (label: string, people: readonly Person[]): readonly [string, ReactNode][] =>
    people.length === 0
      ? []
      : [
          [
            label,
            people.map((one) => (one.name === '' ? one.email : `${one.name} <${one.email}>`)).join(', '),
          ],
        ]
  return (
    <div className={css['allPeople']}>
      <Definitions
        rows={[
          ...line(t.people.from, message.from ? [message.from] : []),
          ...line(t.people.to, message.to),
          ...line(t.people.cc, message.cc),
          ...line(t.people.bcc, message.bcc),
          ...(message.sentAt === null ? [] : [[t.people.sent, formatExact(message.sentAt)] as const]),
        ]}
      />
    </div>
  )
}

function CardActions({ message, defaultReply, onAnswer, onEdit }: Props) {
  const mayAct = useMayAct()
  const { change } = useMail()
  const [details, setDetails] = useState(false)
  const visibility = useAct('POST /api/mail/messages/:message/visibility', {
    changes: ['mail', 'records'],
    done: (answer) =>
      tellDone(answer.visibility === 'private' ? t.visibility.madePrivate : t.visibility.madeByRule),
  })
  const all = defaultReply === 'reply-all'
  const Reply = all ? IconArrowBackUpDouble : IconArrowBackUp
  return (
    <>
      {onAnswer &&
        (message.isDraft ? (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPencil size={14} aria-hidden />}
            onClick={() => onEdit?.(message)}
          >
            {text.common.edit}
          </Button>
        ) : (
          <ActionIcon
            aria-label={all ? t.replyAll : t.reply}
            title={all ? t.replyAll : t.reply}
            onClick={() => onAnswer(message, all ? 'replyAll' : 'reply')}
          >
            <Reply size={17} stroke={1.7} />
          </ActionIcon>
        ))}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={t.more} title={t.more}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {onAnswer && !message.isDraft && (
            <>
              <Menu.Item
                leftSection={<IconArrowBackUp size={16} />}
                onClick={() => onAnswer(message, 'reply')}
              >
                {t.reply}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconArrowBackUpDouble size={16} />}
                onClick={() => onAnswer(message, 'replyAll')}
              >
                {t.replyAll}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconArrowForwardUp size={16} />}
                onClick={() => onAnswer(message, 'forward')}
              >
                {t.forward}
              </Menu.Item>
            </>
          )}
          {mayAct && message.mine && (
            <>
              <Menu.Item
                leftSection={<IconMail size={16} />}
                onClick={() => change([message], { read: !message.read })}
              >
                {message.read ? t.markUnread : t.markRead}
              </Menu.Item>
              <Menu.Item
                leftSection={
                  message.visibility === 'private' ? <IconWorld size={16} /> : <IconLock size={16} />
                }
                onClick={() =>
                  visibility.mutate(
                    {
                      params: { message: message.id },
                      body: { visibility: message.visibility === 'private' ? 'by-rule' : 'private' },
                    },
                    { onError: tellProblem },
                  )
                }
              >
                {message.visibility === 'private' ? t.visibility.byRule : t.visibility.makePrivate}
              </Menu.Item>
            </>
          )}
          <Menu.Item leftSection={<IconInfoCircle size={16} />} onClick={() => setDetails(true)}>
            {t.headers}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={details}
        onClose={() => setDetails(false)}
        size="lg"
        title={t.headersTitle}
        closeButtonProps={{ 'aria-label': text.common.close }}
      >
        <Details message={message} />
      </Modal>
    </>
  )
}

function Details({ message }: { readonly message: Message }) {
  const moment = (at: string | null): string => (at === null ? '' : formatExact(at))
  return (
    <div className={css['details']}>
      <Definitions
        rows={[
          [t.people.sent, moment(message.sentAt)],
          [t.people.received, moment(message.receivedAt)],
          [t.messageId, <Mono key="id">{message.messageId ?? ''}</Mono>],
          ...Object.entries(message.headers).map(
            ([name, value]) => [name, <Mono key={name}>{value}</Mono>] as const,
          ),
          [
            t.sync,
            <span key="sync">
              <SyncWords record={message.id} sync={message.sync} />{' '}
              <Link to={`/why/${message.id}`}>{t.why}</Link>
            </span>,
          ],
        ]}
      />
    </div>
  )
}

function CardBody({ message, previewLimit, onAnswer, alone }: Props) {
  const scheme = useComputedColorScheme('light')
  const sender = message.from?.email ?? ''
  const [remote, setRemote] = useState(() => showsPicturesOf(sender))
  const [always, setAlways] = useState(() => showsPicturesOf(sender))
  const [onPaper, setOnPaper] = useState(false)
  const [designed, setDesigned] = useState(false)
  const Seen = message.visibility === 'private' ? IconLock : IconWorld
  const bodyless =
    message.text.trim() === '' &&
    message.remoteImages === 0 &&
    message.attachments.every((one) => !one.inline)
  return (
    <div className={css['cardBody']}>
      {message.deletedAt !== null && <Note tone="held">{t.deletedAt}</Note>}
      {/* That it is on its way is no news: what was pressed a moment ago is. */}
      {!['fine', 'local', 'waiting'].includes(message.sync.state) && (
        <p className={css['syncLine']}>
          <SyncWords record={message.id} sync={message.sync} /> <Link to={`/why/${message.id}`}>{t.why}</Link>
        </p>
      )}
      {message.remoteImages > 0 && !remote && (
        <div className={css['pictures']}>
          <IconPhotoOff size={16} aria-hidden />
          <span>{t.remoteBlocked(message.remoteImages)}</span>
          <div>
            <Button size="compact-xs" variant="default" onClick={() => setRemote(true)}>
              {t.showOnce}
            </Button>
            {sender !== '' && (
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => {
                  rememberPicturesOf(sender, true)
                  setAlways(true)
                  setRemote(true)
                }}
              >
                {t.showAlways(senderOf(message.from))}
              </Button>
            )}
          </div>
        </div>
      )}
      {always && message.remoteImages > 0 && (
        <p className={css['pictures']}>
          <IconEyeOff size={16} aria-hidden />
          <span>{t.remoteShown(senderOf(message.from))}</span>
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => {
              rememberPicturesOf(sender, false)
              setAlways(false)
              setRemote(false)
            }}
          >
            {t.stopShowing}
          </Button>
        </p>
      )}
      {bodyless ? (
        <p className={css['none']}>{t.bodyEmpty}</p>
      ) : (
        <div className={css['paper']} data-paper={designed || onPaper ? '' : undefined}>
          <BodyFrame
            message={message.id}
            subject={subjectOf(message.subject)}
            remoteImages={remote}
            onPaper={onPaper}
            onDesigned={setDesigned}
          />
        </div>
      )}
      {message.shortened && <Note tone="none">{t.shortened}</Note>}
      <Attachments message={message} previewLimit={previewLimit} />
      <footer className={css['foot']}>
        <RecordLinks item={message.id} />
        <span
          className={css['seen']}
          title={message.visibility === 'private' ? t.visibility.privateWhy : t.visibility.publicWhy}
        >
          <Seen size={14} aria-hidden />
          {t.visibility[message.visibility]}
          <span className="visually-hidden">
            : {message.visibility === 'private' ? t.visibility.privateWhy : t.visibility.publicWhy}
          </span>
        </span>
        {scheme === 'dark' && !designed && !bodyless && (
          <UnstyledButton className={css['seen']} onClick={() => setOnPaper(!onPaper)}>
            <IconSun size={14} aria-hidden />
            {onPaper ? t.onDark : t.onPaper}
          </UnstyledButton>
        )}
      </footer>
      {alone && onAnswer && !message.isDraft && (
        <div className={css['answers']}>
          <Button
            variant="default"
            leftSection={<IconArrowBackUp size={15} aria-hidden />}
            onClick={() => onAnswer(message, 'reply')}
          >
            {t.reply}
          </Button>
          <Button
            variant="default"
            leftSection={<IconArrowForwardUp size={15} aria-hidden />}
            onClick={() => onAnswer(message, 'forward')}
          >
            {t.forward}
          </Button>
        </div>
      )}
    </div>
  )
}
