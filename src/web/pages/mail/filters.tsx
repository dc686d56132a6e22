import { Button, Chip, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import { useUrl } from '../../ui/url-state.ts'
import css from './mail.module.css'
import { isFiltered, listQuery, NO_FILTERS } from './query.ts'

const YES_NO = ['unread', 'flagged', 'attachments', 'important'] as const
const TYPE_WAIT_MS = 250

/** All that narrows the list; each choice is in the address at once. */
export function Filters({ categories }: { readonly categories: readonly string[] }) {
  const [url, setUrl] = useUrl()
  const [person, setPerson] = useState(url['person'] ?? '')
  const commit = useDebouncedCallback((value: string) => setUrl({ person: value }), TYPE_WAIT_MS)
  const names = [...new Set([...categories, ...(url['category'] ? [url['category']] : [])])]
  return (
    <div className={css['filters']}>
      <div className={css['chips']}>
        {YES_NO.map((name) => (
          <Chip
            key={name}
            size="xs"
            checked={url[name] === 'yes'}
            onChange={(on) => setUrl({ [name]: on ? 'yes' : null })}
          >
            {t.filter[name]}
          </Chip>
        ))}
      </div>
      <TextInput
        size="xs"
        label={t.person}
        placeholder="maria@fabrikam.example"
        value={person}
        onChange={(event) => {
          setPerson(event.currentTarget.value)
          commit(event.currentTarget.value.trim())
        }}
      />
      <div className={css['two']}>
        <TextInput
          size="xs"
          type="date"
          label={t.after}
          value={url['after'] ?? ''}
          onChange={(event) => setUrl({ after: event.currentTarget.value })}
        />
        <TextInput
          size="xs"
          type="date"
          label={t.before}
          value={url['before'] ?? ''}
          onChange={(event) => setUrl({ before: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label={t.category}
          value={url['category'] ?? ''}
          data={[
            { value: '', label: text.common.any },
            ...names.map((name) => ({ value: name, label: name })),
          ]}
          onChange={(event) => setUrl({ category: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label={t.sort}
          value={listQuery(url).sort}
          data={Object.entries(t.sorts)
            .filter(([value]) => value !== 'rank' || url['q'])
            .map(([value, label]) => ({ value, label }))}
          onChange={(event) => setUrl({ sort: event.currentTarget.value })}
        />
      </div>
      {isFiltered(url) && (
        <Button
          variant="default"
          onClick={() => {
            setPerson('')
            setUrl(NO_FILTERS)
          }}
        >
          {text.common.clearFilters}
        </Button>
      )}
    </div>
  )
}
