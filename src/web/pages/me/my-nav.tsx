import { Link } from '@tanstack/react-router'
import { me as t } from '../../text/en/me.ts'
import css from '../settings/settings.module.css'

export function MyNav() {
  return (
    <nav className={css['nav']} aria-label={t.title}>
      <strong>{t.title}</strong>
      <Link to="/me" activeOptions={{ exact: true }}>
        {t.account}
      </Link>
      <Link to="/me/microsoft">{t.microsoft}</Link>
      <Link to="/me/email">{t.email}</Link>
      <Link to="/me/profile">{t.profile}</Link>
      <Link to="/me/tokens">{t.tokens}</Link>
    </nav>
  )
}
