module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: require('./package.json').name,
  // Real servers and processes; on a loaded machine five seconds are few.
  testTimeout: 60_000,
};
