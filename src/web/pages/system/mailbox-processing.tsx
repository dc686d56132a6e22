import { NativeSelect, Radio, Select, TagsInput, TextInput } from '@mantine/core'
import { useAsk } from '../../api/client.ts'
import { useMe } from '../../api/session.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Card, Section } from '../../ui/page.tsx'
import { optionsOf } from '../../ui/table.tsx'
import css from './mailroom.module.css'
import type { SectionProps, SystemMailbox } from './mailbox-draft.ts'

type Processing = SystemMailbox['processing']
const USERS_MAX = 500

/** Users to choose from; only administrators and auditors may list them. */
export function useUserChoices(enabled: boolean): readonly { value: string; label: string }[] {
  const users = useAsk('GET /api/users', { query: { size: USERS_MAX } }, { enabled })
  return (users.data?.items ?? []).map((one) => ({ value: one.id, label: `${one.name} (${one.email})` }))
}

/** What is made of the mail that arrives: nothing, leads, or cases with their first values. */
export function ProcessingSection({ mailbox, draft, change }: SectionProps) {
  const me = useMe()
  const value = draft.processing ?? mailbox.processing
  const users = useUserChoices(mailbox.mayChange)
  const disabled = !mailbox.mayChange
  const put = (processing: Processing): void => change({ processing })
  const choose = (what: string): void => {
    if (what === 'lead') put({ do: 'lead', owner: me.id, source: 'email' })
    else if (what === 'case')
      put({ do: 'case', owner: me.id, assignee: null, status: 'open', priority: 'normal', tags: [] })
    else put({ do: 'nothing' })
  }
  return (
    <Section title={t.processing} help={t.processingHelp}>
      <Card>
        <div className={css['choices']}>
          <Radio.Group aria-label={t.processing} value={value.do} onChange={choose}>
            <div className={css['choices']}>
              {(['nothing', 'lead', 'case'] as const).map((one) => (
                <Radio key={one} size="xs" value={one} label={t.dos[one]} disabled={disabled} />
              ))}
            </div>
          </Radio.Group>
          {value.do !== 'nothing' && (
            <div className={css['fields']}>
              <Select
                label={t.owner}
                required
                searchable
                disabled={disabled}
                data={users}
                value={value.owner}
                onChange={(owner) => {
                  if (owner !== null) put({ ...value, owner })
                }}
              />
              {value.do === 'lead' ? (
                <TextInput
                  label={t.source}
                  required
                  maxLength={255}
                  disabled={disabled}
                  value={value.source}
                  onChange={(e) => put({ ...value, source: e.currentTarget.value })}
                />
              ) : (
                <>
                  <Select
                    label={t.assignee}
                    searchable
                    clearable
                    disabled={disabled}
                    placeholder={t.nobody}
                    data={users}
                    value={value.assignee}
                    onChange={(assignee) => put({ ...value, assignee })}
                  />
                  <NativeSelect
                    label={t.status}
                    disabled={disabled}
                    data={optionsOf(t.statuses)}
                    value={value.status}
                    onChange={(e) => put({ ...value, status: e.currentTarget.value as typeof value.status })}
                  />
                  <NativeSelect
                    label={t.priority}
                    disabled={disabled}
                    data={optionsOf(t.priorities)}
                    value={value.priority}
                    onChange={(e) =>
                      put({ ...value, priority: e.currentTarget.value as typeof value.priority })
                    }
                  />
                  <TagsInput
                    label={t.tags}
                    maxTags={20}
                    disabled={disabled}
                    value={[...value.tags]}
                    onChange={(tags) => put({ ...value, tags })}
                  />
                </>
              )}
            </div>
          )}
        </div>
      </Card>
    </Section>
  )
}
