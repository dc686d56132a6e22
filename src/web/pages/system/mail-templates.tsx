import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { IconLanguage, IconPlus, IconTemplate } from '@tabler/icons-react'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useIsAdministrator } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Modal } from '../../ui/dialog.tsx'
import { Empty, Mono, Page, Trouble } from '../../ui/page.tsx'
import { DataTable, optionsOf, TwoLines, type Column } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { MailPreview } from './mail-preview.tsx'
import css from './mailroom.module.css'
import { inSystem } from './system.tsx'

type Template = Item<'GET /api/mail-templates'>
type Text = Template['texts'][string]
const fresh: Text = { subject: '', body: '', type: 'html' }
const columns: readonly Column<Template>[] = [
  {
    key: 'name',
    label: t.templateName,
    cell: (row) => <TwoLines title={row.name} sub={Object.values(row.texts)[0]?.subject ?? ''} />,
  },
  { key: 'languages', label: t.languages, cell: (row) => Object.keys(row.texts).join(', ') },
  { key: 'used', label: t.used, from: 'tablet', cell: (row) => t.usedBy(row.usedBy) },
]

export function MailTemplatesPage() {
  const admin = useIsAdministrator()
  const [editing, setEditing] = useState<Template | 'new' | null>(null)
  const list = useAsk('GET /api/mail-templates', {})
  const items = list.data?.items
  return (
    <Page
      title={t.templates}
      crumbs={inSystem}
      lead={t.templatesLead}
      actions={
        admin && (
          <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>
            {t.newTemplate}
          </Button>
        )
      }
    >
      {list.error && <Trouble error={list.error} />}
      <DataTable
        label={t.templates}
        columns={columns}
        page={items && { items, page: 1, size: items.length, total: items.length }}
        keyOf={(row) => row.id}
        {...(admin && { onOpen: setEditing })}
        empty={<Empty icon={IconTemplate}>{t.templatesEmpty}</Empty>}
      />
      {editing !== null && (
        <TemplateForm of={editing} variables={list.data?.variables ?? []} onClose={() => setEditing(null)} />
      )}
    </Page>
  )
}

interface FormProps {
  readonly of: Template | 'new'
  readonly variables: readonly string[]
  readonly onClose: () => void
}
function TemplateForm({ of, variables, onClose }: FormProps) {
  const [name, setName] = useState(of === 'new' ? '' : of.name)
  const [texts, setTexts] = useState<{ readonly [locale: string]: Text }>(
    of === 'new' ? { en: fresh } : of.texts,
  )
  const [locale, setLocale] = useState(Object.keys(texts)[0] ?? 'en')
  const [another, setAnother] = useState('')
  const options = {
    changes: ['mail-templates'],
    done: () => {
      tellDone(t.saved)
      onClose()
    },
  }
  const make = useAct('POST /api/mail-templates', options)
  const change = useAct('PATCH /api/mail-templates/:template', options)
  const remove = useAct('DELETE /api/mail-templates/:template', options)
  const preview = useAct('POST /api/mail-templates/preview')
  const current = texts[locale] ?? fresh
  const put = (patch: Partial<Text>): void => setTexts({ ...texts, [locale]: { ...current, ...patch } })
  const addLanguage = (): void => {
    const code = another.trim()
    if (code === '') return
    setTexts({ ...texts, [code]: texts[code] ?? { ...fresh, type: current.type } })
    setLocale(code)
    setAnother('')
  }
  const error = make.error ?? change.error
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={of === 'new' ? t.newTemplate : t.editTemplate}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['choices']}
        onSubmit={(event) => {
          event.preventDefault()
          const all = { ...texts }
          if (of === 'new') make.mutate({ body: { name, texts: all } })
          else change.mutate({ params: { template: of.id }, body: { name, texts: all } })
        }}
      >
        {error && <Trouble error={error} />}
        <TextInput
          label={t.templateName}
          required
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <div className={css['condition']}>
          <NativeSelect
            size="xs"
            aria-label={t.language}
            value={locale}
            data={Object.keys(texts)}
            onChange={(e) => setLocale(e.currentTarget.value)}
          />
          <TextInput
            size="xs"
            aria-label={t.addLanguage}
            placeholder={t.languageHelp}
            value={another}
            onChange={(e) => setAnother(e.currentTarget.value)}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconLanguage size={14} aria-hidden />}
            onClick={addLanguage}
          >
            {t.addLanguage}
          </Button>
        </div>
        <NativeSelect
          label={t.type}
          value={current.type}
          data={optionsOf(t.types)}
          onChange={(e) => put({ type: e.currentTarget.value === 'text' ? 'text' : 'html' })}
        />
        <TextInput
          label={t.subject}
          required
          maxLength={255}
          value={current.subject}
          onChange={(e) => put({ subject: e.currentTarget.value })}
        />
        <Textarea
          label={t.body}
          required
          autosize
          minRows={5}
          maxRows={16}
          value={current.body}
          onChange={(e) => put({ body: e.currentTarget.value })}
        />
        <div className={css['variables']}>
          {t.variables}:
          {variables.map((one) => (
            <Mono key={one}>{`{{${one}}}`}</Mono>
          ))}
        </div>
        <div className={css['inline']}>
          <Button type="submit" loading={make.isPending || change.isPending}>
            {text.common.save}
          </Button>
          <Button
            variant="default"
            loading={preview.isPending}
            onClick={() => preview.mutate({ body: current }, { onError: tellProblem })}
          >
            {t.preview}
          </Button>
          {Object.keys(texts).length > 1 && (
            <Button
              variant="default"
              onClick={() => {
                const { [locale]: _gone, ...rest } = texts
                setTexts(rest)
                setLocale(Object.keys(rest)[0] ?? 'en')
              }}
            >
              {t.removeLanguage}
            </Button>
          )}
          {of !== 'new' && (
            <Button
              variant="default"
              onClick={() => remove.mutate({ params: { template: of.id } }, { onError: tellProblem })}
            >
              {text.common.delete}
            </Button>
          )}
        </div>
        {preview.data && <MailPreview {...preview.data} />}
      </form>
    </Modal>
  )
}
