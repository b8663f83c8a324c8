import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import * as jsoncParser from 'jsonc-eslint-parser';
import tseslint from 'typescript-eslint';

const specs = ['**/*.spec.ts', '**/*.spec.tsx'];

/** The arrows of docs/architecture.md. */
const depConstraints = [
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: [
      'type:contracts',
      'type:domain',
      'type:path',
      'type:rules',
      'type:test-support',
    ],
  },
  {
    sourceTag: 'type:dashboard',
    onlyDependOnLibsWithTags: ['type:contracts', 'type:test-support'],
  },
  { sourceTag: 'type:contracts', onlyDependOnLibsWithTags: ['type:test-support'] },
  { sourceTag: 'type:rules', onlyDependOnLibsWithTags: ['type:test-support'] },
  { sourceTag: 'type:domain', onlyDependOnLibsWithTags: ['type:rules', 'type:test-support'] },
  { sourceTag: 'type:path', onlyDependOnLibsWithTags: ['type:contracts', 'type:test-support'] },
  { sourceTag: 'type:test-support', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['*'] },
  ...['type:contracts', 'type:rules', 'type:domain', 'type:path'].map((sourceTag) => ({
    sourceTag,
    bannedExternalImports: ['express', '@temporalio/*', '@opentelemetry/exporter-*'],
  })),
];

export default [
  { ignores: ['**/dist', '**/out-tsc', '**/coverage', '**/*.cjs', '.nx', '.ae'] },
  ...nx.configs['flat/base'],
  ...tseslint.configs.strictTypeChecked.map((config) => ({
    ...config,
    files: ['**/*.ts', '**/*.tsx'],
  })),
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: false, banTransitiveDependencies: true, depConstraints },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration:not([exported])',
          message: 'Name what a module exports; no `export *`.',
        },
      ],
    },
  },
  { files: ['apps/dashboard/**/*.tsx'], ...reactHooks.configs.flat.recommended },
  {
    files: ['**/vite.config.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: specs,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['libs/*/package.json', 'apps/*/package.json'],
    languageOptions: { parser: jsoncParser },
    rules: {
      '@nx/dependency-checks': [
        'error',
        {
          ignoredFiles: [
            '{projectRoot}/**/*.spec.ts',
            '{projectRoot}/**/*.spec.tsx',
            '{projectRoot}/src/testing/**',
            '{projectRoot}/*.config.*',
          ],
        },
      ],
    },
  },
  prettier,
];
