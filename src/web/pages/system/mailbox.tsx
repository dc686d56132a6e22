import { useParams } from '@tanstack/react-router'
import { useAsk } from '../../api/client.ts'
import { system as t } from '../../text/en/system.ts'
import { Loaded, Page } from '../../ui/page.tsx'
import { ConnectNote } from '../me/account.tsx'
import { useConnect } from '../me/connect.ts'
import { MailboxCard } from '../me/mailbox-card.tsx'
import { inSystem } from './system.tsx'

export function MailboxPage() {
  const { mailbox: id = '' } = useParams({ strict: false })
  const mailbox = useAsk('GET /api/mailboxes/:mailbox', { params: { mailbox: id } })
  const connect = useConnect()
  return (
    <Loaded of={mailbox}>
      {(data) => (
        <Page
          title={data.displayName}
          crumbs={[...inSystem, { label: t.mailboxes, to: '/system/mailboxes' }]}
        >
          <ConnectNote now={connect.now} />
          <MailboxCard
            mailbox={data}
            onReconnect={() => connect.start(data.id)}
            connecting={connect.now.state === 'waiting'}
          />
        </Page>
      )}
    </Loaded>
  )
}
