import { useProductName } from '../api/session.ts'
import { text } from '../text/en.ts'
import { Keys } from '../ui/page.tsx'
import css from './frame.module.css'
import { places } from './places.ts'
import { Modal } from '../ui/dialog.tsx'

export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  const product = useProductName()
  const t = text.frame.shortcuts
  const groups: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    [
      t.everywhere,
      [
        ['Ctrl K', t.palette],
        ['?', t.help],
        ['/', text.common.search],
        ...places.map((place) => [`g ${place.key}`, t.goTo(place.label)] as const),
        ['g y', t.goTo(text.frame.my)],
      ],
    ],
    [
      t.lists,
      [
        ['j', t.down],
        ['k', t.up],
        ['Enter', t.open],
        ['x', t.select],
        ['e', t.edit],
        ['u', t.undo],
      ],
    ],
    [
      t.mail,
      [
        ['c', t.compose],
        ['r', t.reply],
        ['a', t.replyAll],
        ['f', t.forward],
        ['u', t.unread],
        ['s', t.flag],
        ['v', t.moveMail],
        ['l', t.category],
        ['#', t.delete],
        ['z', t.undo],
      ],
    ],
    [
      t.conflicts,
      [
        ['a', t.takeCrm(product)],
        ['m', t.takeMicrosoft],
        ['b', t.takeEngine],
        ['r', t.remember],
        ['w', t.wholeItem],
      ],
    ],
    [
      t.review,
      [
        ['l', t.makeLead],
        ['c', t.makeCase],
        ['n', t.makeNothing],
        ['x', t.neverFrom],
      ],
    ],
    [
      t.calendar,
      [
        ['n', t.newItem],
        ['t', t.todayKey],
        ['1 2 3 4', t.views],
        ['← →', t.move],
      ],
    ],
  ]
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.title}
      size="xl"
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <div className={css['shortcuts']}>
        {groups.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <ul>
              {keys.map(([key, label]) => (
                <li key={key}>
                  {label}
                  <Keys keys={key} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Modal>
  )
}
