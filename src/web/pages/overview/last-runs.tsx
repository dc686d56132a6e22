import { Link, useNavigate } from '@tanstack/react-router'
import { useAsk } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { Section } from '../../ui/page.tsx'
import { RunTable } from '../plans/run-table.tsx'

const t = text.overview

export function LastRuns() {
  const navigate = useNavigate()
  const runs = useAsk('GET /api/runs', { query: { writes: 'some', size: 6 } })
  if (runs.data === undefined || runs.data.items.length === 0) return null
  return (
    <Section title={t.lastRuns} aside={<Link to="/plans">{t.seeAll}</Link>}>
      <RunTable
        page={{ ...runs.data, total: runs.data.items.length }}
        onOpen={(run) => void navigate({ to: `/plans/${run.id}` })}
      />
    </Section>
  )
}
