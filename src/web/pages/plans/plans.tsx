import { Button, Menu } from '@mantine/core'
import { IconEyeSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useAct, useAsk, useAsked } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { askRuns } from '../../asks.ts'
import { text } from '../../text/en.ts'
import { plans as t } from '../../text/en/plans.ts'
import { Empty, Page, Trouble } from '../../ui/page.tsx'
import { FilterSelect, optionsOf, Toolbar } from '../../ui/table.tsx'
import { tellProblem } from '../../ui/tell.ts'
import { useUrl } from '../../ui/url-state.ts'
import { RunTable } from './run-table.tsx'

/** All runs: previews that wait for a person, what is being applied, what was done. */
export function PlansPage() {
  const navigate = useNavigate()
  const [url] = useUrl()
  const runs = useAsked(askRuns(url), { keep: true })
  return (
    <Page title={t.title} lead={t.lead} actions={<NewPreview isListed={runs.data !== undefined} />}>
      {runs.error && <Trouble error={runs.error} />}
      <Toolbar>
        <FilterSelect name="state" label={t.columns.state} options={optionsOf(text.states.run)} />
        <FilterSelect name="channel" label="Channel" options={optionsOf(text.common.channel)} />
        <FilterSelect name="trigger" label={t.columns.trigger} options={optionsOf(text.states.trigger)} />
        <FilterSelect
          name="writes"
          label="Runs"
          options={[{ value: 'any', label: t.everyRun }]}
          all={t.withChanges.toLowerCase()}
        />
      </Toolbar>
      <RunTable
        page={runs.data}
        onOpen={(run) => void navigate({ to: `/plans/${run.id}` })}
        empty={<Empty>{t.empty}</Empty>}
      />
    </Page>
  )
}

/** Asked after the list: what it counts for each mailbox would keep the list waiting. */
function NewPreview({ isListed }: { readonly isListed: boolean }) {
  const navigate = useNavigate()
  const mayAct = useMayAct()
  const mailboxes = useAsk(
    'GET /api/mailboxes',
    { query: { state: 'connected', size: 50 } },
    { enabled: isListed },
  )
  const preview = useAct('POST /api/plans', {
    changes: ['runs'],
    done: (run) => void navigate({ to: `/plans/${run.id}` }),
  })
  const channels = (mailboxes.data?.items ?? []).flatMap((mailbox) =>
    mailbox.channels.filter((one) => one.enabled).map((one) => ({ ...one, address: mailbox.address })),
  )
  if (!mayAct || channels.length === 0) return null
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button leftSection={<IconEyeSearch size={15} aria-hidden />} loading={preview.isPending}>
          {t.newPreview}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
        <Menu.Label>{t.previewOf}</Menu.Label>
        {channels.map(({ mailbox, channel, address, label }) => (
          <Menu.Item
            key={`${mailbox} ${channel}`}
            onClick={() => preview.mutate({ body: { mailbox, channel } }, { onError: tellProblem })}
          >
            {t.planOf(label, address)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
