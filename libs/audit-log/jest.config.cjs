const preset = require('../../jest.preset.cjs');

module.exports = {
  ...preset,
  displayName: require('./package.json').name,
  // Shared by specs, without tests of its own.
  testPathIgnorePatterns: [
    ...(preset.testPathIgnorePatterns ?? ['/node_modules/']),
    '\\.fixture\\.spec\\.ts$',
  ],
};
