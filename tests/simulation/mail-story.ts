import type { Chance } from './chance.ts'
import { type Beat, MESSAGE_GROUPS, type Shape, type Story, type Who } from './story.ts'

/**
 * The stories of the mail layer: messages arrive, and both people read, flag, sort, move and delete the same ones (one
 * time in two the one that was touched last), also in the middle of a pass. Some are taken back out of Deleted Items, and
 * the CRM person writes some of their own.
 */
export function mailStory(seed: string, dice: Chance, shape: Shape): Story {
  const people = dice.split('people')
  const beats: Beat[] = []
  const items: string[] = []
  let last: string | null = null
  let mails = 0
  const who = (): Who => people.pick(['crm', 'outlook'] as const)
  const act = (): Beat => {
    if (items.length === 0 || (items.length < 7 && people.yes(0.16))) {
      const item = `i${items.length + 1}`
      items.push(item)
      return { do: 'create', who: 'outlook', item, resource: 'message' }
    }
    const item = last !== null && people.yes(0.5) ? last : people.pick(items)
    last = item
    const roll = people.next()
    if (roll < 0.1) return { do: 'delete', who: who(), item }
    if (roll < 0.16) return { do: 'recover', who: 'outlook', item }
    if (roll < 0.2) return { do: 'send', mail: `n${++mails}` }
    const groups = MESSAGE_GROUPS.filter(() => people.yes(0.35))
    return {
      do: 'edit',
      who: who(),
      item,
      groups: groups.length > 0 ? groups : [people.pick(MESSAGE_GROUPS)],
    }
  }
  const count = 20 + people.below(40)
  while (beats.length < count) {
    const roll = people.next()
    if (roll < 0.66) beats.push(act())
    else if (roll < 0.9)
      beats.push(
        people.yes(0.5) ? { do: 'pass', during: [{ at: people.next(), beat: act() }] } : { do: 'pass' },
      )
    else if (roll < 0.93) beats.push({ do: 'wait', minutes: 1 + people.below(600) })
    else if (roll < 0.96)
      beats.push({ do: 'answer', nth: people.below(20), side: people.pick(['crm', 'mailbox'] as const) })
    else if (roll < 0.98) beats.push({ do: 'server', what: 'bump' })
    else beats.push({ do: 'server', what: 'evict' })
  }
  return { name: `seed ${seed}`, shape, beats }
}
