import { Button, TextInput } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct, useAsk } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Card, Definitions, Loaded, Note, Page, Section, Trouble, UnsavedBar } from '../../ui/page.tsx'
import { MailboxStatus } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { AccessSection } from './mailbox-access.tsx'
import { BlockedSenders } from './mailbox-blocked.tsx'
import { FoldersSection } from './mailbox-folders.tsx'
import { ProcessingSection } from './mailbox-processing.tsx'
import { RulesSection } from './response-rules.tsx'
import css from './system.module.css'
import type { MailboxDraft, SystemMailbox } from './mailbox-draft.ts'
import { inSystem } from './system.tsx'

const within = [...inSystem, { label: t.title, to: '/system/system-mailboxes' }]

export function SystemMailboxPage() {
  const { mailbox = '' } = useParams({ strict: false })
  const asked = useAsk('GET /api/system-mailboxes/:mailbox', { params: { mailbox } }, { everyMs: 15_000 })
  return <Loaded of={asked}>{(data) => <OneMailbox key={mailbox} mailbox={data} />}</Loaded>
}

function OneMailbox({ mailbox }: { readonly mailbox: SystemMailbox }) {
  const navigate = useNavigate()
  const [draft, setDraft] = useState<MailboxDraft>({})
  const params = { mailbox: mailbox.mailbox }
  const save = useAct('PATCH /api/system-mailboxes/:mailbox', {
    changes: ['system-mailboxes', 'mailboxes'],
    done: () => {
      setDraft({})
      tellDone(t.saved)
    },
  })
  const remove = useAct('DELETE /api/system-mailboxes/:mailbox', {
    changes: ['system-mailboxes', 'mailboxes', 'status'],
    done: () => {
      tellDone(t.disconnected)
      void navigate({ to: '/system/system-mailboxes' })
    },
  })
  const change = (patch: MailboxDraft): void => setDraft((before) => ({ ...before, ...patch }))
  const changed = Object.keys(draft).length
  const section = { mailbox, draft, change }
  return (
    <Page
      title={mailbox.label}
      lead={mailbox.address}
      crumbs={within}
      narrow
      actions={
        mailbox.mayChange && (
          <Button
            variant="default"
            leftSection={<IconPlugConnectedX size={15} aria-hidden />}
            loading={remove.isPending}
            onClick={() => remove.mutate({ params }, { onError: tellProblem })}
          >
            {t.disconnect}
          </Button>
        )
      }
    >
      {mailbox.trouble !== null && (
        <Note tone="fail" role="alert">
          {mailbox.trouble}
        </Note>
      )}
      {!mailbox.mayChange && <Note tone="none">{t.notAllowed}</Note>}
      {!mailbox.firstSyncDone && mailbox.state === 'connected' && (
        <Note tone="work" role="status">
          {t.firstSync}
        </Note>
      )}
      {save.error && <Trouble error={save.error} />}
      <Section title={t.general}>
        <Card>
          <div className={css['form']}>
            <TextInput
              label={t.label}
              description={t.labelHelp}
              maxLength={100}
              disabled={!mailbox.mayChange}
              value={draft.label ?? mailbox.label}
              onChange={(e) => change({ label: e.currentTarget.value })}
            />
            <Definitions
              rows={[
                [t.address, mailbox.address],
                [t.how, t.access[mailbox.access]],
                [t.state, <MailboxStatus key="s" state={mailbox.state} />],
                [
                  t.review,
                  <Link key="r" to="/system/review-queue" search={{ mailbox: mailbox.mailbox }}>
                    {mailbox.review.toLocaleString('en')}
                  </Link>,
                ],
                [
                  t.made,
                  <Link key="l" to="/system/mailroom" search={{ mailbox: mailbox.mailbox }}>
                    {mailbox.made.toLocaleString('en')}
                  </Link>,
                ],
                ...(mailbox.since === null
                  ? []
                  : [[t.since.replace(/:$/, ''), <RelativeTime key="t" at={mailbox.since} />] as const]),
              ]}
            />
          </div>
        </Card>
      </Section>
      {mailbox.mayChange && <FoldersSection {...section} />}
      <ProcessingSection {...section} />
      <AccessSection {...section} />
      <RulesSection mailbox={mailbox} />
      <BlockedSenders mailbox={mailbox.mailbox} />
      {changed > 0 && (
        <UnsavedBar
          actions={
            <>
              <Button variant="default" onClick={() => setDraft({})}>
                {text.common.discard}
              </Button>
              <Button
                loading={save.isPending}
                onClick={() =>
                  save.mutate({
                    params,
                    body: {
                      ...(draft.label !== undefined && { label: draft.label }),
                      ...(draft.processing !== undefined && { processing: draft.processing }),
                      ...(draft.allowedUsers !== undefined && { allowedUsers: [...draft.allowedUsers] }),
                      ...(draft.allowedRoles !== undefined && { allowedRoles: [...draft.allowedRoles] }),
                      ...(draft.folders !== undefined && {
                        folders: draft.folders === null ? null : [...draft.folders],
                      }),
                    },
                  })
                }
              >
                {text.common.save}
              </Button>
            </>
          }
        >
          {text.common.unsaved(changed)}
        </UnsavedBar>
      )}
    </Page>
  )
}
