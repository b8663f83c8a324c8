module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: require('./package.json').name,
  // Whole sandboxes are started and attacked; on a loaded machine five seconds are few.
  testTimeout: 30_000,
};
