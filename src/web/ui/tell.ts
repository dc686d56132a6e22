import { notifications } from '@mantine/notifications'

/** A short word after an act, at the corner of the screen; failures stay until they are read. */
export const tellDone = (message: string): void => {
  notifications.show({ message, color: 'accent', autoClose: 4_000 })
}
export const tellProblem = (error: Error): void => {
  notifications.show({ message: error.message, color: 'red', autoClose: false })
}
