/** Senders whose pictures are always loaded, remembered in this browser: loading them tells the sender that one reads. */
const KEY = 'syncline-mail-pictures'
const MOST = 500

function read(): readonly string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}
export const showsPicturesOf = (sender: string | undefined): boolean =>
  sender !== undefined && sender !== '' && read().includes(sender.toLowerCase())

export function rememberPicturesOf(sender: string, show: boolean): void {
  const others = read().filter((one) => one !== sender.toLowerCase())
  localStorage.setItem(KEY, JSON.stringify(show ? [...others, sender.toLowerCase()].slice(-MOST) : others))
}
