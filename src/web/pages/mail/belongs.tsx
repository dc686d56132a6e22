import { IconLink } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { mail as t } from '../../text/en/mail.ts'
import css from './reading.module.css'
import type { Message } from './use-mail.ts'

/** The contacts, accounts, leads and cases that a message appears on, each with the reason. */
export function Belongs({ message }: { readonly message: Message }) {
  return (
    <div className={css['belongs']}>
      <IconLink size={14} aria-hidden />
      <span>{message.related.length === 0 ? t.belongsNowhere : t.belongs}</span>
      <ul>
        {message.related.map((one) => (
          <li key={one.id} title={t.how[one.how]}>
            <Link to={`/records/${one.kind}/${one.id}`}>{one.title}</Link>
            <span className="visually-hidden"> ({t.how[one.how]})</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
