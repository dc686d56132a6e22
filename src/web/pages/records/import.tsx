import { Button, FileInput, NativeSelect } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/client.ts'
import { NotFound } from '../../shell/broken.tsx'
import { records as t } from '../../text/en/records.ts'
import { Card, Help, Note, Page, Section, Trouble } from '../../ui/page.tsx'
import { DataTable, type Column } from '../../ui/table.tsx'
import { problemLine, tellDone } from '../../ui/tell.ts'
import { fieldText } from './field-text.ts'
import { isKindName, useKinds, type Kind } from './kinds.ts'
import css from './records.module.css'

export function ImportPage() {
  const { kind } = useParams({ strict: false })
  const known = useKinds().find((one) => one.kind === kind)
  if (!isKindName(kind)) return <NotFound />
  return known === undefined ? null : <Import kind={known} />
}

type Mapping = { readonly [column: string]: string }

/** The file is read twice: first to show what it would do, then to do it. */
function Import({ kind }: { readonly kind: Kind }) {
  const navigate = useNavigate()
  const [file, setFile] = useState<{ readonly format: 'csv' | 'vcard'; readonly content: string } | null>(
    null,
  )
  const params = { kind: kind.kind }
  const preview = useAct('POST /api/records/:kind/import')
  const run = useAct('POST /api/records/:kind/import', {
    changes: ['records'],
    done: ({ created, updated }) => {
      tellDone(t.done(created, updated))
      void navigate({ to: `/records/${kind.kind}` })
    },
  })
  const choose = async (chosen: File | null): Promise<void> => {
    if (chosen === null) return
    const content = await chosen.text()
    const format = /\.vcf$/i.test(chosen.name) || content.startsWith('BEGIN:VCARD') ? 'vcard' : 'csv'
    setFile({ format, content })
    preview.mutate({ params, body: { format, content, preview: true } })
  }
  const map = (mapping: Mapping): void => {
    if (file) preview.mutate({ params, body: { ...file, mapping, preview: true } })
  }
  const seen = preview.data
  const error = preview.error ?? run.error
  return (
    <Page title={t.importTitle(kind.plural)} crumbs={[{ label: kind.plural, to: `/records/${kind.kind}` }]}>
      <Card>
        <div className={css['form']}>
          <Help>{t.importHelp}</Help>
          <FileInput
            label={t.file}
            placeholder={t.chooseFile}
            accept={kind.kind === 'contact' ? '.csv,.vcf,text/csv,text/vcard' : '.csv,text/csv'}
            onChange={(chosen) => void choose(chosen)}
          />
          {error && <Trouble error={error} />}
          {seen && (
            <Note tone={seen.problems.length > 0 ? 'wait' : 'ok'} role="status">
              <p>{t.preview(seen.created, seen.updated, seen.unchanged)}</p>
              {seen.problems.length > 0 && (
                <>
                  <strong>{t.problems(seen.problems.length)}</strong>
                  <ul>
                    {seen.problems.slice(0, 20).map((one) => (
                      <li key={problemLine(one)}>{problemLine(one)}</li>
                    ))}
                  </ul>
                </>
              )}
            </Note>
          )}
          <div>
            <Button
              disabled={seen === undefined || file === null || seen.created + seen.updated === 0}
              loading={run.isPending || preview.isPending}
              onClick={() => file && seen && run.mutate({ params, body: { ...file, mapping: seen.mapping } })}
            >
              {t.run((seen?.created ?? 0) + (seen?.updated ?? 0))}
            </Button>
          </div>
        </div>
      </Card>
      {seen && file?.format === 'csv' && (
        <Section title={t.mapping} help={t.mappingHelp}>
          <div className={css['mapping']}>
            {Object.entries(seen.mapping).map(([column, field]) => (
              <NativeSelect
                key={column}
                size="xs"
                label={column}
                value={field}
                onChange={(event) => map({ ...seen.mapping, [column]: event.currentTarget.value })}
              >
                <option value="">{t.skip}</option>
                {kind.fields.map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.label}
                  </option>
                ))}
              </NativeSelect>
            ))}
          </div>
        </Section>
      )}
      {seen && seen.sample.length > 0 && <Sample kind={kind} rows={seen.sample} />}
    </Page>
  )
}

type Row = Parameters<typeof fieldText>[1]['fields']
function Sample({ kind, rows }: { readonly kind: Kind; readonly rows: readonly Row[] }) {
  const numbered = rows.map((fields, index) => ({ index, fields, linked: {} }))
  const columns: readonly Column<(typeof numbered)[number]>[] = kind.fields
    .filter((field) => rows.some((row) => row[field.name] !== undefined && row[field.name] !== null))
    .map((field) => ({ key: field.name, label: field.label, cell: (row) => fieldText(field, row) }))
  return (
    <Section title={t.sample}>
      <DataTable
        label={t.sample}
        columns={columns}
        page={{ items: numbered, page: 1, size: numbered.length, total: numbered.length }}
        keyOf={(row) => String(row.index)}
        empty={null}
        compact
      />
    </Section>
  )
}
