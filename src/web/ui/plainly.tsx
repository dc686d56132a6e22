import { text } from '../text/en.ts'
import css from './ui.module.css'

/** What the other side's machine said, within a message of ours: it ends with the request's id. */
const MACHINE = /Microsoft answered \d{3} .*?\(request [^)]*\)\.?/

/** A message in plain words; the code and the request's id stand behind "details", to copy. */
export function Plainly({ children }: { readonly children: string }) {
  const code = MACHINE.exec(children)?.[0]
  if (code === undefined) return children
  return (
    <>
      {children.replace(code, '').replaceAll(/ {2,}/g, ' ').trim()}
      <details className={css['machine']}>
        <summary>{text.common.details}</summary>
        <code>{code}</code>
      </details>
    </>
  )
}
