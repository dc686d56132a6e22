import { Button } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { useAsk } from '../../api/client.ts'
import { useMayAct, useMe } from '../../api/session.ts'
import { me as t } from '../../text/en/me.ts'
import { Empty, Loaded, Note, Page } from '../../ui/page.tsx'
import settingsCss from '../settings/settings.module.css'
import { useConnect, type Connecting } from './connect.ts'
import { MailboxCard } from './mailbox-card.tsx'
import css from './me.module.css'
import { MyNav } from './my-nav.tsx'
import { SeenByOthers } from './seen-by-others.tsx'

export function AccountPage() {
  const me = useMe()
  const mayAct = useMayAct()
  const mailboxes = useAsk('GET /api/mailboxes', { query: { user: me.id, size: 50 } })
  const connect = useConnect()
  return (
    <Page title={t.account} crumbs={[{ label: t.title }]} lead={t.lead}>
      <div className={settingsCss['layout']}>
        <MyNav />
        <div className={css['stack']}>
          <ConnectNote now={connect.now} />
          <Loaded of={mailboxes}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty
                  icon={IconPlugConnected}
                  action={
                    mayAct && (
                      <Button
                        size="sm"
                        loading={connect.now.state === 'waiting'}
                        onClick={() => connect.start()}
                      >
                        {t.connect}
                      </Button>
                    )
                  }
                >
                  {t.connectHelp}
                </Empty>
              ) : (
                <>
                  {items.map((mailbox) => (
                    <div key={mailbox.id} className={css['stack']}>
                      <MailboxCard
                        mailbox={mailbox}
                        onReconnect={() => connect.start(mailbox.id)}
                        connecting={connect.now.state === 'waiting'}
                      />
                      {mailbox.state !== 'disconnected' && <SeenByOthers mailbox={mailbox.id} />}
                    </div>
                  ))}
                </>
              )
            }
          </Loaded>
        </div>
      </div>
    </Page>
  )
}

export function ConnectNote({ now }: { readonly now: Connecting }) {
  if (now.state === 'idle') return null
  if (now.state === 'waiting')
    return (
      <Note tone="work" role="status">
        {t.connecting}
      </Note>
    )
  if (now.state === 'blocked')
    return (
      <Note tone="wait" role="alert">
        {t.popupBlocked}{' '}
        <a href={now.url} target="_blank" rel="opener">
          {t.openHere}
        </a>
      </Note>
    )
  return (
    <Note tone={now.ok ? 'ok' : 'fail'} role={now.ok ? 'status' : 'alert'}>
      {now.message || (now.ok ? t.connected : t.closed)}
    </Note>
  )
}
