import { ActionIcon, Button, Menu } from '@mantine/core'
import {
  IconArrowBackUp,
  IconArrowBackUpDouble,
  IconArrowForwardUp,
  IconArrowLeft,
  IconChevronDown,
  IconMailOpened,
  IconPrinter,
} from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { mail as t } from '../../text/en/mail.ts'
import { useKeys } from '../../ui/keys.ts'
import { Empty, Note, Skeleton, Trouble } from '../../ui/page.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { Act, Actions } from './actions.tsx'
import { MessageCard, type How } from './message-card.tsx'
import css from './reading.module.css'
import { useMail, type Message, type Tree } from './use-mail.ts'
import { subjectOf } from './words.ts'

/** Long enough to have been seen; passing over it with j and k marks nothing. */
const READ_AFTER_MS = 900

interface Props {
  readonly tree: Tree
  readonly id: string
  readonly threaded: boolean
  /** Alone on the screen, without the list and its heading. */
  readonly alone: boolean
  /** Left out: nothing can be written here. */
  readonly onAnswer: ((message: Message, how: How) => void) | undefined
  readonly onEdit: ((message: Message) => void) | undefined
}

/** A conversation, the newest message open; or the one message, where mail is not shown in conversations. */
export function Reading({ tree, id, threaded, alone, onAnswer, onEdit }: Props) {
  const [, setUrl] = useUrl()
  const mayAct = useMayAct()
  const { change } = useMail()
  const thread = useAsk(
    'GET /api/mail/messages/:message/thread',
    { params: { message: id } },
    { enabled: threaded },
  )
  const single = useAsk(
    'GET /api/mail/messages/:message',
    { params: { message: id } },
    { enabled: !threaded },
  )
  const messages = threaded ? thread.data?.messages : single.data && [single.data]
  const error = threaded ? thread.error : single.error
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map())
  const opened = messages?.find((one) => one.id === id) ?? messages?.at(-1)
  const last = messages?.at(-1)
  const isOpen = (one: Message): boolean =>
    toggled.get(one.id) ?? (one.id === id || one === last || (!one.read && !one.isDraft))
  const mine = new Set(tree.mailboxes.map((box) => box.address.toLowerCase()))

  const unseen = messages?.filter((one) => !one.read && one.mine && isOpen(one)) ?? []
  const unseenIds = unseen.map((one) => one.id).join(' ')
  useEffect(() => {
    if (unseenIds === '' || !mayAct) return
    const timer = window.setTimeout(() => change(unseen, { read: true }), READ_AFTER_MS)
    return () => window.clearTimeout(timer)
    // Once for each set of messages, whatever else changes meanwhile.
  }, [unseenIds, mayAct, change])

  const answer = (how: How): void => {
    const to = opened?.isDraft ? messages?.findLast((one) => !one.isDraft) : opened
    if (to) onAnswer?.(to, how)
  }
  useKeys(
    onAnswer && opened
      ? {
          r: () => answer('reply'),
          a: () => answer('replyAll'),
          f: () => answer('forward'),
          e: () => opened.isDraft && onEdit?.(opened),
        }
      : {},
  )
  const close = (): void => setUrl({ m: null })
  if (messages === undefined)
    return (
      <section className={css['reading']} aria-label={t.conversation}>
        <div className={css['pad']}>
          <Back onClick={close} />
          {error ? (
            <Trouble error={error} retry={() => void (threaded ? thread : single).refetch()} />
          ) : (
            <Skeleton rows={7} />
          )}
        </div>
      </section>
    )
  if (opened === undefined)
    return (
      <section className={css['reading']} aria-label={t.conversation}>
        <Empty icon={IconMailOpened}>{t.choose}</Empty>
      </section>
    )
  const all = tree.defaultReply === 'reply-all'
  const targets = messages.filter((one) => one.mine)
  const acting = targets.length > 1 ? targets.filter((one) => one.folder === opened.folder) : targets
  const Heading = alone ? 'h1' : 'h2'
  const subject = subjectOf(thread.data?.subject ?? opened.subject)
  return (
    <section className={css['reading']} aria-label={t.conversation}>
      <header className={css['head']}>
        <Back onClick={close} />
        <Heading>{subject}</Heading>
        <div className={css['bar']} data-no-print>
          {onAnswer && (
            <div className={css['reply']}>
              <Button
                size="compact-md"
                leftSection={
                  all ? (
                    <IconArrowBackUpDouble size={16} aria-hidden />
                  ) : (
                    <IconArrowBackUp size={16} aria-hidden />
                  )
                }
                onClick={() => answer(all ? 'replyAll' : 'reply')}
              >
                {all ? t.replyAll : t.reply}
              </Button>
              <Menu position="bottom-end">
                <Menu.Target>
                  <Button size="compact-md" px={5} aria-label={t.moreReplies}>
                    <IconChevronDown size={15} aria-hidden />
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    leftSection={all ? <IconArrowBackUp size={16} /> : <IconArrowBackUpDouble size={16} />}
                    onClick={() => answer(all ? 'reply' : 'replyAll')}
                  >
                    {all ? t.reply : t.replyAll}
                  </Menu.Item>
                  <Menu.Item leftSection={<IconArrowForwardUp size={16} />} onClick={() => answer('forward')}>
                    {t.forward}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </div>
          )}
          {mayAct && acting.length > 0 && (
            <Actions targets={acting} tree={tree} thread={false} keyed onGone={close} />
          )}
          <span className={css['wideOnly']}>
            <Act icon={IconPrinter} label={t.print} onClick={() => window.print()} />
          </span>
        </div>
      </header>
      <div className={css['cards']}>
        {thread.data?.more && <Note tone="none">{t.moreThread}</Note>}
        {messages.map((message) => (
          <MessageCard
            key={message.id}
            message={message}
            mine={mine}
            previewLimit={tree.previewLimit}
            defaultReply={tree.defaultReply}
            expanded={isOpen(message)}
            alone={messages.length === 1}
            onToggle={() => setToggled(new Map(toggled).set(message.id, !isOpen(message)))}
            onAnswer={onAnswer}
            onEdit={onEdit}
          />
        ))}
      </div>
    </section>
  )
}

const Back = ({ onClick }: { readonly onClick: () => void }) => (
  <ActionIcon className={css['back']} aria-label={t.back} onClick={onClick}>
    <IconArrowLeft size={18} />
  </ActionIcon>
)
