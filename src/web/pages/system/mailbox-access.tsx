import { Checkbox, MultiSelect } from '@mantine/core'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Card, Section } from '../../ui/page.tsx'
import { useUserChoices } from './mailbox-processing.tsx'
import css from './mailroom.module.css'
import type { SectionProps } from './mailbox-draft.ts'

const roles = ['administrator', 'user', 'auditor'] as const

/** Who reads the mailbox: users by name, and everybody of a role. */
export function AccessSection({ mailbox, draft, change }: SectionProps) {
  const choices = useUserChoices(mailbox.mayChange)
  const users = draft.allowedUsers ?? mailbox.allowedUsers.map((one) => one.id)
  const chosen = draft.allowedRoles ?? mailbox.allowedRoles
  const known = mailbox.allowedUsers
    .filter((one) => !choices.some((choice) => choice.value === one.id))
    .map((one) => ({ value: one.id, label: one.name }))
  return (
    <Section title={t.accessManagement} help={t.accessHelp}>
      <Card>
        <div className={css['choices']}>
          <MultiSelect
            label={t.users}
            searchable
            disabled={!mailbox.mayChange}
            data={[...choices, ...known]}
            value={[...users]}
            onChange={(allowedUsers) => change({ allowedUsers })}
          />
          <Checkbox.Group
            label={t.roles}
            value={[...chosen]}
            onChange={(next) => change({ allowedRoles: roles.filter((one) => next.includes(one)) })}
          >
            <div className={css['inline']}>
              {roles.map((role) => (
                <Checkbox
                  key={role}
                  size="xs"
                  value={role}
                  label={t.roleNames[role]}
                  disabled={!mailbox.mayChange}
                />
              ))}
            </div>
          </Checkbox.Group>
        </div>
      </Card>
    </Section>
  )
}
