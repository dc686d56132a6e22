import type { Json } from '../../src/core/item.ts'
import { until, type RunningProduct } from './running-product.ts'

/** Switches mail on for the demo company and waits until the mailbox of this person is in step. */
export async function switchMailOn(
  product: RunningProduct,
  person: string,
  more: { readonly [key: string]: Json } = {},
): Promise<void> {
  const administrator = await product.signIn(product.ready.admin.email)
  await administrator.call('PATCH /api/settings', {
    body: { scope: 'system', set: { 'integrations.email': true, ...more } },
  })
  const browser = await product.signIn(person)
  await until('mail proven in sync', async () => {
    const { items } = await browser.call('GET /api/status')
    return items.some((row) => row.channel === 'email' && row.health === 'proven')
  })
}
