import { common, count, problem } from './en/common.ts'
import { frame } from './en/frame.ts'
import { overview } from './en/overview.ts'
import { signIn } from './en/sign-in.ts'
import { states } from './en/states.ts'

/** Every text of the back-office's frame and first page. Other pages import their own part, which loads with them. */
export const text = { common, count, problem, frame, states, overview, signIn } as const
