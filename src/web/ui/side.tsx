import type { Side } from '../../core/item.ts'
import { useProductName } from '../api/session.ts'
import { text } from '../text/en.ts'
import { toneClass } from './status.tsx'
import css from './ui.module.css'

/** The two sides keep their hue and their place everywhere: the CRM left, Microsoft right. */
export function SideName({ side, children }: { readonly side: Side; readonly children?: string }) {
  const product = useProductName()
  return (
    <span className={`${css['side']} ${toneClass[side === 'crm' ? 'crm' : 'ms']}`}>
      {children ?? (side === 'crm' ? product : text.common.microsoft)}
    </span>
  )
}

export const useSideName = (): ((side: Side) => string) => {
  const product = useProductName()
  return (side) => (side === 'crm' ? product : text.common.microsoft)
}
