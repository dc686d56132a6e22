import { Button } from '@mantine/core'
import { IconMapOff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { text } from '../text/en.ts'
import { Empty, Mono, Note, Page } from '../ui/page.tsx'

export function NotFound() {
  return (
    <Page title={text.problem.notFoundTitle}>
      <Empty
        icon={IconMapOff}
        action={
          <Button component={Link} to="/">
            {text.problem.home}
          </Button>
        }
      >
        {text.problem.notFound}
      </Empty>
    </Page>
  )
}

export const NotFoundPage = () => (
  <main style={{ padding: 24 }}>
    <NotFound />
  </main>
)

/** A page that threw while it was drawn. The frame stays; nothing was written by drawing. */
export function Broken({ error }: { readonly error: unknown }) {
  return (
    <main style={{ padding: 24 }}>
      <Page title={text.problem.broken}>
        <Note
          tone="fail"
          role="alert"
          actions={<Button onClick={() => window.location.reload()}>{text.problem.reload}</Button>}
        >
          <p>{text.problem.brokenHelp}</p>
          <Mono>{error instanceof Error ? error.message : String(error)}</Mono>
        </Note>
      </Page>
    </main>
  )
}
