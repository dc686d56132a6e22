/** Whether a mail's own colours can be read on our dark surface. Pure: the frame hands over what the browser computed. */
export interface Rgb {
  readonly r: number
  readonly g: number
  readonly b: number
  readonly a: number
}

/** `rgb(1, 2, 3)` and `rgba(1, 2, 3, 0.5)`, as the browser writes every colour that it understood. */
export function parseColour(text: string): Rgb | null {
  const found = /^rgba?\((\d+)[, ]+(\d+)[, ]+(\d+)(?:[, /]+([\d.]+%?))?\)$/.exec(text.trim())
  if (found === null) return null
  const [, r, g, b, a] = found
  const alpha = a === undefined ? 1 : a.endsWith('%') ? Number(a.slice(0, -1)) / 100 : Number(a)
  return { r: Number(r), g: Number(g), b: Number(b), a: alpha }
}

const channel = (value: number): number => {
  const share = value / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}
/** Relative luminance of WCAG 2.2, from 0 to 1. */
export const luminance = ({ r, g, b }: Rgb): number =>
  0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)

export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** `--surface` of the dark theme. */
export const DARK_SURFACE: Rgb = { r: 22, g: 25, b: 29, a: 1 }
const READABLE = 4.5
const PAPER_FROM = 0.82

/** A background that is only the paper of the mail: white or nearly so, or nothing. Any other was designed. */
export const isPaper = (background: Rgb): boolean =>
  background.a < 0.05 || luminance(background) >= PAPER_FROM
export const isReadableOnDark = (ink: Rgb): boolean => contrast(ink, DARK_SURFACE) >= READABLE

const GREY_SPREAD = 28
const STEP = 0.1
/** The same hue, light enough to be read; null for greys, which take the theme's own ink. */
export function inkForDark(ink: Rgb): Rgb | null {
  if (Math.max(ink.r, ink.g, ink.b) - Math.min(ink.r, ink.g, ink.b) < GREY_SPREAD) return null
  for (let share = 0; share < 1; share += STEP) {
    const mix = (value: number): number => Math.round(value + (255 - value) * share)
    const lighter = { r: mix(ink.r), g: mix(ink.g), b: mix(ink.b), a: 1 }
    if (isReadableOnDark(lighter)) return lighter
  }
  return null
}
