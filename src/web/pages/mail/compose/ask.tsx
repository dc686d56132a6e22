import { Button } from '@mantine/core'
import { text } from '../../../text/en.ts'
import css from './compose.module.css'
import { Modal } from '../../../ui/dialog.tsx'

interface Props {
  readonly title: string
  readonly help: string
  readonly no: string
  readonly yes: string
  readonly danger?: boolean
  readonly onNo: () => void
  readonly onYes: () => void
}
/** A question that cannot be an undo. */
export function Ask({ title, help, no, yes, danger, onNo, onYes }: Props) {
  return (
    <Modal opened onClose={onNo} title={title} closeButtonProps={{ 'aria-label': text.common.close }}>
      <p>{help}</p>
      <div className={css['dialogActions']}>
        <Button variant="default" onClick={onNo}>
          {no}
        </Button>
        <Button {...(danger && { color: 'red' })} onClick={onYes}>
          {yes}
        </Button>
      </div>
    </Modal>
  )
}
