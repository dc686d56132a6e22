import { NativeSelect } from '@mantine/core'
import { useMantineColorScheme } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useAsk, type Answer } from '../../api/client.ts'
import { useProductName } from '../../api/session.ts'
import { formatMoment, formatNumber, formatTime } from '../../format.ts'
import { text } from '../../text/en.ts'
import { Section } from '../../ui/page.tsx'
import css from './overview.module.css'

const t = text.overview
type Charts = Answer<'GET /api/charts'>
const HEIGHT_PX = 170

export function Charts() {
  const [hours, setHours] = useState<keyof typeof t.hours>(24)
  const product = useProductName()
  const charts = useAsk('GET /api/charts', { query: { hours } }, { keep: true, everyMs: 60_000 })
  const data = charts.data
  return (
    <Section
      title={t.chart}
      aside={
        <NativeSelect
          size="xs"
          aria-label={t.chart}
          value={String(hours)}
          data={Object.entries(t.hours).map(([value, label]) => ({ value, label }))}
          onChange={(event) => setHours(Number(event.currentTarget.value) as keyof typeof t.hours)}
        />
      }
    >
      <div className={css['charts']}>
        <figure className={css['chart']}>
          <h3>{t.lagChart}</h3>
          {data && (
            <Chart
              at={data.at}
              hours={hours}
              series={[
                {
                  label: t.lag,
                  tone: '--work',
                  values: data.lagSeconds.map((s) => (s === null ? null : s / 60)),
                },
              ]}
            />
          )}
        </figure>
        <figure className={css['chart']}>
          <h3>
            {t.volumeChart}
            <Legend tone="--crm" label={t.toCrm(product)} />
            <Legend tone="--ms" label={t.toMicrosoft} />
            <Legend tone="--fail" label={t.failed} />
          </h3>
          {data && (
            <Chart
              at={data.at}
              hours={hours}
              bars
              series={[
                { label: t.toCrm(product), tone: '--crm', values: data.toCrm },
                { label: t.toMicrosoft, tone: '--ms', values: data.toMailbox },
                { label: t.failed, tone: '--fail', values: data.failed },
              ]}
            />
          )}
        </figure>
      </div>
      {data && <AsTable data={data} product={product} />}
    </Section>
  )
}

const Legend = ({ tone, label }: { readonly tone: string; readonly label: string }) => (
  <span className={css['legend']} style={{ '--tone': `var(${tone})` }}>
    {label}
  </span>
)

/** For who cannot see the drawing, and for copying numbers. */
function AsTable({ data, product }: { readonly data: Charts; readonly product: string }) {
  return (
    <details style={{ marginTop: 8, fontSize: 12 }}>
      <summary>{t.chartTable}</summary>
      <div className={css['chartTable']} tabIndex={0} role="region" aria-label={t.chart}>
        <table>
          <thead>
            <tr>
              <th>{t.time}</th>
              <th>{t.lagChart}</th>
              <th>{t.toCrm(product)}</th>
              <th>{t.toMicrosoft}</th>
              <th>{t.failed}</th>
            </tr>
          </thead>
          <tbody>
            {data.at.map((at, i) => (
              <tr key={at}>
                <td>{formatMoment(at)}</td>
                <td>{minutes(data.lagSeconds[i])}</td>
                <td>{data.toCrm[i]}</td>
                <td>{data.toMailbox[i]}</td>
                <td>{data.failed[i]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
const minutes = (seconds: number | null | undefined): string =>
  typeof seconds === 'number' ? formatNumber(Math.round(seconds / 6) / 10) : ''

interface Series {
  readonly label: string
  readonly tone: string
  readonly values: readonly (number | null)[]
}
function Chart({
  at,
  series,
  hours,
  bars = false,
}: {
  readonly at: readonly number[]
  readonly series: readonly Series[]
  readonly hours: number
  readonly bars?: boolean
}) {
  const box = useRef<HTMLDivElement>(null)
  const { colorScheme } = useMantineColorScheme()
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const style = getComputedStyle(element)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--dim'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1, size: 4 },
      font: "11px 'Inter Variable', sans-serif",
    }
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { y: false },
        scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.1)] } },
        axes: [
          {
            ...axis,
            values: (_, ticks) =>
              ticks.map((s) =>
                hours > 24 ? (formatMoment(s * 1000).split(',')[0] ?? '') : formatTime(s * 1000),
              ),
          },
          {
            ...axis,
            size: 38,
            values: (_, ticks) => ticks.map((v) => (Number.isInteger(v) ? formatNumber(v) : '')),
          },
        ],
        series: [
          {},
          ...series.map(({ label, tone }) => ({
            label,
            stroke: colour(tone),
            fill: bars ? colour(tone) : `${colour(tone)}1f`,
            width: bars ? 0 : 1.5,
            points: { show: false },
            ...(bars && uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.7, 12] }) }),
          })),
        ],
      },
      [at.map((ms) => ms / 1000), ...series.map((one) => [...one.values])],
      element,
    )
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    resize.observe(element)
    return () => {
      resize.disconnect()
      plot.destroy()
    }
  }, [at, series, bars, hours, colorScheme])
  return (
    <div
      ref={box}
      role="img"
      aria-label={series.map((one) => one.label).join(', ')}
      style={{ height: HEIGHT_PX }}
    />
  )
}
