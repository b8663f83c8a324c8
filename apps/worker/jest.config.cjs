module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: require('./package.json').name,
  // The specs of the whole path wait for real commands, approvals and retries.
  testTimeout: 60_000,
};
