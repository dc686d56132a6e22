// Before the first paint, so that a dark room stays dark. A file of its own: the page's policy forbids inline script.
;(function () {
  var kept = null
  try {
    kept = window.localStorage.getItem('mantine-color-scheme-value')
  } catch {
    // Storage is forbidden: follow the system.
  }
  var dark =
    kept === 'dark' || (kept !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
