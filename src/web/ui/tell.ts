import { notifications } from '@mantine/notifications'
import { text } from '../text/en.ts'

const closeButtonProps = { 'aria-label': text.common.close }

/** A short word after an act, at the corner of the screen; failures stay until they are read. */
export const tellDone = (message: string): void => {
  notifications.show({ message, color: 'accent', autoClose: 4_000, closeButtonProps })
}
export const tellProblem = (error: Error): void => {
  notifications.show({ message: error.message, color: 'red', autoClose: false, closeButtonProps })
}

/** What is wrong with a part of a file that was read, and with which part. */
export const problemLine = (one: {
  readonly problem: string
  readonly line?: number
  readonly what?: string
}): string => `${one.what ?? one.line ?? ''}: ${one.problem}`
