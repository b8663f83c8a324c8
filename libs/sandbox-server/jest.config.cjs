const preset = require('../../jest.preset.cjs');

module.exports = {
  ...preset,
  displayName: require('./package.json').name,
  // Whole sandboxes are started and attacked; on a loaded machine five seconds are few.
  testTimeout: 30_000,
  // Shared by specs, without tests of its own.
  testPathIgnorePatterns: [...preset.testPathIgnorePatterns, '\\.fixture\\.spec\\.ts$'],
};
