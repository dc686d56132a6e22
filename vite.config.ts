import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The back-office: built to `dist/web`, served by the server itself. No inline script, so that the page's policy can forbid it. */
export default defineConfig({
  root: 'src/web',
  plugins: [react()],
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      // The sources in `src/web/api` are not the API; the server compares the origin with the host that it is asked by.
      '^/api/(?!\\w+\\.ts)': {
        target: process.env['SYNCLINE_URL'] ?? 'http://127.0.0.1:4300',
        changeOrigin: false,
      },
    },
  },
})
