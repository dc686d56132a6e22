import { ActionIcon, Button, NativeSelect, Switch, TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Modal } from '../../ui/dialog.tsx'
import { Card, Help, Loaded, Section, Trouble } from '../../ui/page.tsx'
import { Status } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { ConditionGroup, conditionText, type Group } from './condition-groups.tsx'
import css from './mailroom.module.css'
import { RuleTrial } from './rule-trial.tsx'
import type { SystemMailbox } from './mailbox-draft.ts'

type Rule = Item<'GET /api/system-mailboxes/:mailbox/rules'>
interface RuleDraft {
  readonly id?: string
  readonly name: string
  readonly active: boolean
  readonly conditions: Group
  readonly template: string
}
const draftOf = (rule: Rule): RuleDraft => ({
  id: rule.id,
  name: rule.name,
  active: rule.active,
  conditions: rule.conditions,
  template: rule.template.id,
})
const fresh: RuleDraft = { name: '', active: true, conditions: { match: 'all', items: [] }, template: '' }

/** Rules of automatic answers, in the order in which they are tried. */
export function RulesSection({ mailbox }: { readonly mailbox: SystemMailbox }) {
  const params = { mailbox: mailbox.mailbox }
  const rules = useAsk('GET /api/system-mailboxes/:mailbox/rules', { params })
  const [editing, setEditing] = useState<RuleDraft | null>(null)
  const save = useAct('PUT /api/system-mailboxes/:mailbox/rules', {
    changes: ['system-mailboxes', 'mail-templates'],
    done: () => {
      setEditing(null)
      tellDone(t.saved)
    },
  })
  const items = (rules.data?.items ?? []).map(draftOf)
  const put = (next: readonly RuleDraft[]): void =>
    // The conditions are nested no deeper than the editor lets them be.
    save.mutate({ params, body: { items: [...next] as never } }, { onError: tellProblem })
  const moved = (at: number, by: number): void => {
    const next = [...items]
    const [one] = next.splice(at, 1)
    if (one !== undefined) next.splice(at + by, 0, one)
    put(next)
  }
  const may = mailbox.mayChange
  return (
    <Section
      title={t.rules}
      help={t.rulesHelp}
      aside={
        may && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setEditing(fresh)}
          >
            {t.newRule}
          </Button>
        )
      }
    >
      <Card>
        <Loaded of={rules}>
          {(data) =>
            data.items.length === 0 ? (
              <Help>{t.rulesEmpty}</Help>
            ) : (
              <ol className={css['rows']}>
                {data.items.map((rule, at) => (
                  <li key={rule.id}>
                    <span>
                      <strong>{rule.name}</strong>
                      <span className={css['ruleText']}>
                        {conditionText(rule.conditions)} → {rule.template.name}
                      </span>
                    </span>
                    <Status tone={rule.active ? 'ok' : 'none'} bare>
                      {rule.active ? t.active : t.inactive}
                    </Status>
                    {may && (
                      <span className={css['inline']} style={{ padding: 0, gap: 4 }}>
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          aria-label={`${t.up}: ${rule.name}`}
                          disabled={at === 0}
                          onClick={() => moved(at, -1)}
                        >
                          <IconArrowUp size={15} aria-hidden />
                        </ActionIcon>
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          aria-label={`${t.down}: ${rule.name}`}
                          disabled={at === data.items.length - 1}
                          onClick={() => moved(at, 1)}
                        >
                          <IconArrowDown size={15} aria-hidden />
                        </ActionIcon>
                        <Button
                          size="xs"
                          variant="default"
                          aria-label={`${text.common.edit}: ${rule.name}`}
                          onClick={() => setEditing(draftOf(rule))}
                        >
                          {text.common.edit}
                        </Button>
                      </span>
                    )}
                  </li>
                ))}
              </ol>
            )
          }
        </Loaded>
      </Card>
      {editing !== null && (
        <RuleForm
          mailbox={mailbox.mailbox}
          rule={editing}
          saving={save.isPending}
          problem={save.error}
          onClose={() => setEditing(null)}
          onSave={(rule) =>
            put(
              rule.id === undefined
                ? [...items, rule]
                : items.map((one) => (one.id === rule.id ? rule : one)),
            )
          }
          onDelete={(id) => put(items.filter((one) => one.id !== id))}
        />
      )}
    </Section>
  )
}

interface FormProps {
  readonly mailbox: string
  readonly rule: RuleDraft
  readonly saving: boolean
  readonly problem: Error | null
  readonly onClose: () => void
  readonly onSave: (rule: RuleDraft) => void
  readonly onDelete: (id: string) => void
}
function RuleForm({ mailbox, rule, saving, problem, onClose, onSave, onDelete }: FormProps) {
  const [draft, setDraft] = useState(rule)
  const templates = useAsk('GET /api/mail-templates', {})
  const { id } = rule
  const change = (patch: Partial<RuleDraft>): void => setDraft((before) => ({ ...before, ...patch }))
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={id === undefined ? t.newRule : t.editRule}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['choices']}
        onSubmit={(event) => {
          event.preventDefault()
          onSave(draft)
        }}
      >
        {problem && <Trouble error={problem} />}
        <TextInput
          label={t.ruleName}
          required
          maxLength={100}
          data-autofocus
          value={draft.name}
          onChange={(e) => change({ name: e.currentTarget.value })}
        />
        <Switch
          label={t.active}
          checked={draft.active}
          onChange={(e) => change({ active: e.currentTarget.checked })}
        />
        <h3>{t.conditions}</h3>
        <ConditionGroup group={draft.conditions} onChange={(conditions) => change({ conditions })} />
        <NativeSelect
          label={t.template}
          required
          value={draft.template}
          data={[
            { value: '', label: t.chooseTemplate },
            ...(templates.data?.items ?? []).map((one) => ({ value: one.id, label: one.name })),
          ]}
          onChange={(e) => change({ template: e.currentTarget.value })}
        />
        <p className={css['away']}>
          <Link to="/system/mail-templates" target="_blank">
            {t.makeTemplate}
          </Link>
        </p>
        <RuleTrial mailbox={mailbox} conditions={draft.conditions} template={draft.template} />
        <div className={css['inline']}>
          <Button type="submit" loading={saving}>
            {text.common.save}
          </Button>
          {id !== undefined && (
            <Button variant="default" onClick={() => onDelete(id)}>
              {text.common.delete}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  )
}
