import { ActionIcon } from '@mantine/core'
import { IconArrowsDiagonal, IconArrowsDiagonalMinimize2 } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { useAsk } from '../../../api/client.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import { Drawer } from '../../../ui/dialog.tsx'
import { Loaded, Trouble } from '../../../ui/page.tsx'
import css from './compose.module.css'
import { DraftForm, type Draft } from './draft-form.tsx'

interface Props {
  readonly draft: string
  readonly onClose: () => void
  /** Mail that was taken back is written on. */
  readonly onReopen: (draft: string) => void
}

/** Writing one message. The draft exists from the first moment; what is written is saved by itself. */
export function Composer({ draft, onClose, onReopen }: Props) {
  const needs = useAsk('GET /api/mail/compose', {})
  const asked = useAsk('GET /api/mail/drafts/:draft', { params: { draft } })
  const [large, setLarge] = useState(false)
  /** Read once: a save that comes back does not draw over what is being written. */
  const [first, setFirst] = useState<{ readonly draft: Draft; readonly n: number } | null>(null)
  if (first === null && asked.data !== undefined && !asked.isFetching) setFirst({ draft: asked.data, n: 0 })
  const close = useRef(onClose)
  return (
    <Drawer
      opened
      onClose={() => close.current()}
      size={large ? '100%' : 760}
      title={t.title[first?.draft.answers?.how ?? 'new']}
      closeOnClickOutside={false}
      closeOnEscape={false}
      transitionProps={{ duration: 0 }}
      classNames={{
        body: css['drawer'] ?? '',
        content: css['content'] ?? '',
        header: css['drawerHead'] ?? '',
      }}
      closeButtonProps={{ 'aria-label': t.close }}
    >
      <ActionIcon
        className={css['larger']}
        aria-label={large ? t.shrink : t.expand}
        title={large ? t.shrink : t.expand}
        onClick={() => setLarge(!large)}
      >
        {large ? <IconArrowsDiagonalMinimize2 size={16} /> : <IconArrowsDiagonal size={16} />}
      </ActionIcon>
      {first === null && asked.error ? (
        <Trouble error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <Loaded of={needs}>
          {(data) =>
            first && (
              <DraftForm
                key={`${draft} ${first.n}`}
                first={first.draft}
                needs={data}
                onClose={onClose}
                onReopen={onReopen}
                onReload={(other) => setFirst({ draft: other, n: first.n + 1 })}
                closer={close}
              />
            )
          }
        </Loaded>
      )}
    </Drawer>
  )
}
