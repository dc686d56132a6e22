import { describe, expect, test } from 'vitest'
import { contrast, DARK_SURFACE, inkForDark, isPaper, isReadableOnDark, parseColour } from './colours.ts'

const rgb = (r: number, g: number, b: number, a = 1) => ({ r, g, b, a })

describe("a mail's own colours in the dark theme", () => {
  test('the contrast is that of WCAG 2.2', () => {
    expect(contrast(rgb(0, 0, 0), rgb(255, 255, 255))).toBeCloseTo(21)
    expect(contrast(rgb(118, 118, 118), rgb(255, 255, 255))).toBeCloseTo(4.54, 1)
  })

  test('colours are read as the browser writes them', () => {
    expect(parseColour('rgb(1, 2, 3)')).toEqual(rgb(1, 2, 3))
    expect(parseColour('rgba(1, 2, 3, 0.5)')).toEqual(rgb(1, 2, 3, 0.5))
    expect(parseColour('rgb(1 2 3 / 50%)')).toEqual(rgb(1, 2, 3, 0.5))
    expect(parseColour('currentcolor')).toBeNull()
  })

  test('white and nothing are paper; a coloured ground was designed', () => {
    expect(isPaper(rgb(255, 255, 255))).toBe(true)
    expect(isPaper(rgb(247, 247, 245))).toBe(true)
    expect(isPaper(rgb(18, 54, 122, 0))).toBe(true)
    expect(isPaper(rgb(18, 54, 122))).toBe(false)
  })

  test('black ink takes the ink of the theme; red stays red and can be read', () => {
    expect(inkForDark(rgb(0, 0, 0))).toBeNull()
    expect(inkForDark(rgb(51, 51, 51))).toBeNull()
    for (const ink of [rgb(192, 0, 0), rgb(31, 73, 125), rgb(0, 0, 255), rgb(0, 128, 0)]) {
      const light = inkForDark(ink)
      expect(light).not.toBeNull()
      if (light === null) continue
      expect(isReadableOnDark(light)).toBe(true)
      expect(contrast(light, DARK_SURFACE)).toBeGreaterThanOrEqual(4.5)
      const strongest = (c: typeof light) =>
        (['r', 'g', 'b'] as const).reduce((a, b) => (c[b] > c[a] ? b : a))
      expect(strongest(light)).toBe(strongest(ink))
    }
  })
})
