import { Checkbox, NativeSelect, Radio } from '@mantine/core'
import type { Json } from '../../../core/item.ts'
import { useAsk } from '../../api/client.ts'
import { useMe } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { settings as t } from '../../text/en/settings.ts'
import { Help } from '../../ui/page.tsx'
import css from './settings.module.css'

interface Props {
  readonly of: 'calendar' | 'taskList' | 'folder'
  /** Whose mailbox; left out: mine. */
  readonly owner: string | undefined
  readonly value: Json
  readonly disabled: boolean
  readonly problem: string | undefined
  readonly onChange: (value: Json) => void
}
const channelOf = { calendar: 'calendar', taskList: 'tasks', folder: 'email' } as const

/** Which calendars, lists or folders take part, and which of them new items go to. */
export function CollectionsField({ of, owner, value, disabled, problem, onChange }: Props) {
  const me = useMe()
  const mailboxes = useAsk('GET /api/mailboxes', { query: { user: owner ?? me.id, size: 5 } })
  const mailbox = mailboxes.data?.items.find((one) => one.state !== 'disconnected')
  const collections = useAsk(
    'GET /api/mailboxes/:mailbox/collections',
    { params: { mailbox: mailbox?.id ?? '' }, query: { channel: channelOf[of] } },
    { enabled: mailbox !== undefined },
  )
  const rows = (collections.data?.items ?? []).filter((one) => one.channel === channelOf[of])
  const chosen = readChoice(value)
  const writable = rows.filter((one) => one.canWrite)
  const fallback = writable.find((one) => one.isDefault) ?? writable[0]
  const put = (ids: readonly string[], newItemsTo: string | null): void => {
    const target =
      newItemsTo !== null && ids.includes(newItemsTo)
        ? newItemsTo
        : (ids.find((id) => writable.some((one) => one.id === id)) ?? null)
    onChange({ mode: 'chosen', ids: [...ids], newItemsTo: of === 'folder' ? null : target })
  }
  if (mailboxes.data !== undefined && mailbox === undefined) return <Help>{t.noMailbox}</Help>
  return (
    <fieldset className={css['collections']} disabled={disabled} style={{ border: 0, padding: 0, margin: 0 }}>
      <Radio
        size="xs"
        label={t.collectionDefault[of]}
        checked={chosen === null}
        disabled={disabled}
        onChange={() => onChange({ mode: 'default' })}
      />
      <Radio
        size="xs"
        label={t.collectionChosen}
        checked={chosen !== null}
        disabled={disabled}
        onChange={() => put(fallback ? [fallback.id] : [], fallback?.id ?? null)}
      />
      {chosen !== null &&
        rows.map((row) => (
          <Checkbox
            key={row.id}
            size="xs"
            ml={24}
            label={row.canWrite ? row.name : `${row.name} (${t.readOnlyCollection})`}
            description={row.trouble ?? undefined}
            disabled={disabled}
            checked={chosen.ids.includes(row.id)}
            onChange={(event) =>
              put(
                event.currentTarget.checked
                  ? [...chosen.ids, row.id]
                  : chosen.ids.filter((id) => id !== row.id),
                chosen.newItemsTo,
              )
            }
          />
        ))}
      {chosen !== null && of !== 'folder' && (
        <NativeSelect
          size="xs"
          ml={24}
          label={t.newItemsTo[of]}
          disabled={disabled}
          value={chosen.newItemsTo ?? ''}
          data={writable
            .filter((one) => chosen.ids.includes(one.id))
            .map((one) => ({ value: one.id, label: one.name }))}
          onChange={(event) => put(chosen.ids, event.currentTarget.value)}
        />
      )}
      {collections.isLoading && <Help>{text.common.loading}</Help>}
      {problem !== undefined && <p style={{ color: 'var(--fail)', fontSize: 12 }}>{problem}</p>}
    </fieldset>
  )
}

function readChoice(
  value: Json,
): { readonly ids: readonly string[]; readonly newItemsTo: string | null } | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('mode' in value)) return null
  if (value['mode'] !== 'chosen') return null
  const { ids, newItemsTo } = value
  return {
    ids: Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [],
    newItemsTo: typeof newItemsTo === 'string' ? newItemsTo : null,
  }
}
