import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

/** One blue, dark enough at its filled shade for white text in both themes. */
const accent: MantineColorsTuple = [
  '#e9f0fc',
  '#d0dff8',
  '#a6c1f1',
  '#8ab4f8',
  '#5b8de6',
  '#3b73d6',
  '#2f66c9',
  '#1f55b8',
  '#194699',
  '#12367a',
]
const red: MantineColorsTuple = [
  '#fdeae8',
  '#fad0cc',
  '#f5a8a1',
  '#ff9d94',
  '#e8665c',
  '#d8443a',
  '#c4322a',
  '#b3261e',
  '#8f1d17',
  '#6d1510',
]
const dark: MantineColorsTuple = [
  '#e7e9ec',
  '#a2aab3',
  '#8a929b',
  '#5d656e',
  '#3a4149',
  '#2a2f36',
  '#1d2126',
  '#16191d',
  '#0f1114',
  '#0a0b0d',
]

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  colors: { accent, red, dark },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
  focusRing: 'auto',
  components: {
    Button: { defaultProps: { size: 'xs', fw: 600 } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 30 } },
    TextInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm', autosize: true, minRows: 2 } },
    NativeSelect: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', checkIconPosition: 'right', allowDeselect: false } },
    NumberInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Checkbox: { defaultProps: { size: 'sm' } },
    Switch: { defaultProps: { size: 'sm', withThumbIndicator: false } },
    Tooltip: { defaultProps: { withArrow: false, openDelay: 300, transitionProps: { duration: 80 } } },
    Modal: {
      defaultProps: {
        transitionProps: { duration: 100 },
        overlayProps: { color: '#000', backgroundOpacity: 0.4 },
      },
    },
    Drawer: { defaultProps: { transitionProps: { duration: 100 }, position: 'right' } },
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: 'md' } },
  },
})

/** What Mantine computes from its palette is taken from our tokens instead, so that both themes are designed once. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--bg)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-bright': 'var(--text)',
    '--mantine-color-dimmed': 'var(--dim)',
    '--mantine-color-placeholder': 'var(--dim)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-error': 'var(--fail)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line)',
    '--mantine-color-gray-light-color': 'var(--text)',
    '--mantine-color-accent-light-color': 'var(--accent)',
    '--mantine-color-red-light-color': 'var(--fail)',
    '--mantine-color-red-outline': 'var(--fail)',
  }
  return { variables: {}, light: shared, dark: shared }
}
