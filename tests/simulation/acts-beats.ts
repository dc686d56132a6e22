import type { Beat, Who } from './story.ts'

/**
 * What people do in the worlds of the acts layer, besides what they do in all: they take back what the sync did, restore
 * what was deleted, cut a series in two, and meet. Carla is somebody outside: she invites Anna and answers her, and is
 * not kept in step. Ben has a mailbox of his own on the same installation.
 */
export type Answered = 'accepted' | 'tentative' | 'declined'

export type ActsBeat =
  /**
   * The CRM person takes back the n-th run that wrote something, counted from the last; of it one write, or all of one
   * item. `shown`: as a plan, which a later decision carries out or throws away. `during`: what happens meanwhile.
   */
  | {
      readonly do: 'undo'
      readonly of: 'run' | 'item' | 'write'
      readonly nth: number
      readonly shown: boolean
      readonly during?: { readonly at: number; readonly beat: Beat }
    }
  /** The CRM person takes a record out of quarantine. */
  | { readonly do: 'restore'; readonly item: string }
  /** This and following: the series ends before an occurrence, and another one goes on from there. */
  | {
      readonly do: 'split'
      readonly who: Who
      readonly item: string
      readonly nth: number
      readonly as: string
    }
  /** Carla invites Anna, changes her meeting, or calls it off. */
  | {
      readonly do: 'invited'
      readonly item: string
      readonly group: 'new' | 'subject' | 'body' | 'location' | 'time' | 'off'
    }
  /** Anna answers a meeting of Carla's. */
  | { readonly do: 'reply'; readonly who: Who; readonly item: string; readonly answer: Answered }
  /** Carla answers an event of Anna's. */
  | { readonly do: 'replied'; readonly item: string; readonly answer: Answered }
  /** Ben does something in his own CRM or Outlook. */
  | { readonly do: 'other'; readonly beat: Beat }

const ACTS: ReadonlySet<string> = new Set([
  'undo',
  'restore',
  'split',
  'invited',
  'reply',
  'replied',
  'other',
])
export const isActsBeat = (beat: Beat): beat is ActsBeat => ACTS.has(beat.do)

export function describeAct(beat: ActsBeat, describe: (beat: Beat) => string): string {
  switch (beat.do) {
    case 'undo': {
      const what = { run: 'all', item: 'one item', write: 'one write' }[beat.of]
      const meanwhile = beat.during
        ? ` (and at ${beat.during.at.toFixed(2)} ${describe(beat.during.beat)})`
        : ''
      return `of run ${beat.nth} from the last, ${what} ${beat.shown ? 'is to be undone, as a plan' : `is undone${meanwhile}`}`
    }
    case 'restore':
      return `crm restores ${beat.item}`
    case 'split':
      return `${beat.who} changes this and following of ${beat.item} from occurrence ${beat.nth} on, as ${beat.as}`
    case 'invited':
      return beat.group === 'new'
        ? `Carla invites Anna to ${beat.item}`
        : beat.group === 'off'
          ? `Carla calls ${beat.item} off`
          : `Carla changes the ${beat.group} of ${beat.item}`
    case 'reply':
      return `${beat.who} answers ${beat.item}: ${beat.answer}`
    case 'replied':
      return `Carla answers ${beat.item}: ${beat.answer}`
    case 'other':
      return `in Ben's mailbox, ${describe(beat.beat)}`
  }
}
