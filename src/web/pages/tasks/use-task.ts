import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { ApiInput } from '../../../server/api/api.ts'
import { call, refresh, type Answer, type ApiProblem, type Item } from '../../api/client.ts'
import { tellDone, tellProblem } from '../../ui/tell.ts'

export type Task = Item<'GET /api/tasks'>
export type TaskChange = ApiInput<'PATCH /api/tasks/:task'>['body']['change']

/** Changes of tasks are drawn at once; what the server refuses is drawn back, with its reason. */
export function useTask() {
  const client = useQueryClient()
  const redraw = (id: string, patch: (task: Task) => Task): void => {
    client.setQueriesData<Answer<'GET /api/tasks'>>(
      { predicate: ({ queryKey: [route] }) => route === 'GET /api/tasks' },
      (data) => data && { ...data, items: data.items.map((one) => (one.id === id ? patch(one) : one)) },
    )
  }
  const settle = (): Promise<unknown> => refresh(client, 'tasks', 'task-lists')
  const failed = (error: ApiProblem): void => {
    tellProblem(error)
    void settle()
  }
  const change = (task: Task, patch: TaskChange, say?: string): void => {
    redraw(task.id, (one) => ({ ...one, ...(patch as Partial<Task>) }))
    call('PATCH /api/tasks/:task', {
      params: { task: task.id },
      body: { version: task.version, change: patch },
    }).then(() => {
      if (say !== undefined) tellDone(say)
      return settle()
    }, failed)
  }
  const remove = (task: Task, say: string): void => {
    call('POST /api/tasks/:task/delete', { params: { task: task.id }, body: { version: task.version } }).then(
      () => {
        notifications.show({ message: say, color: 'accent' })
        return settle()
      },
      failed,
    )
  }
  return { change, remove }
}
