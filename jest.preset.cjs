/**
 * Jest as native ESM (it needs NODE_OPTIONS=--experimental-vm-modules, set once in nx.json);
 * sibling libraries are read from source through the `@ae/source` export condition.
 */
module.exports = {
  testEnvironment: 'node',
  // Two cores, real servers: the default of 5 s is a matter of load, not of a fault.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  // Soaks and kill loops: `npm run test:long`.
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.spec\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@ae/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        swcrc: false,
      },
    ],
  },
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
};
