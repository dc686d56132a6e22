import tseslint from 'typescript-eslint'

/** House rules that the compiler cannot see. Each message is advice to the person who broke the rule. */
const pure = [
  {
    selector: "NewExpression[callee.name='Date']",
    message: 'Time is an argument: core takes `now` from its caller.',
  },
  {
    selector: "MemberExpression[object.name='Date']",
    message: 'Time is an argument: core takes `now` from its caller.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Chance is an argument.',
  },
  { selector: "MemberExpression[object.property.name='Now']", message: 'Time is an argument.' },
  {
    selector: "MemberExpression[object.name='Temporal'][property.name='Now']",
    message: 'Time is an argument.',
  },
]

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**', 'screenshots/**', 'coverage/**'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/core/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...pure] },
  },
  {
    files: ['**/*.test.ts', 'tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(skip|only|todo)$/]',
          message:
            'A test that does not run proves nothing. Skip only through tests/support/skip.ts, with its reason.',
        },
      ],
    },
  },
  {
    files: ['src/web/**'],
    ignores: ['src/web/ui/dialog.tsx'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: '@mantine/core',
          importNames: ['Modal', 'Drawer'],
          message: 'Take them from ui/dialog.tsx: those give the focus back when they close.',
        },
      ],
    },
  },
  { files: ['*.config.*', '.dependency-cruiser.js'], rules: { 'no-restricted-exports': 'off' } },
  {
    files: ['scripts/**', 'bench/**', 'bin/**', 'src/cli/**', 'tests/simulation/**'],
    rules: { 'no-console': 'off' },
  },
)
