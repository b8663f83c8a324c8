import { lockfileFaults } from './lockfile-faults.mjs';

const licences = {
  allowed: ['MIT', 'Apache-2.0'],
  development: ['MPL-2.0'],
  exceptions: {},
};
const fine = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' };

describe('lockfileFaults', () => {
  it('finds none in a sound lockfile', () => {
    const packages = {
      '': { optionalDependencies: { a: '1.0.0' } },
      'libs/b': { optionalDependencies: { a: '1.0.0' }, version: '0.1.0' },
      'node_modules/@ae/b': { resolved: 'libs/b', link: true },
      'node_modules/a': { ...fine, optionalDependencies: { c: '1.0.0' } },
      'node_modules/a/node_modules/c': { version: '1.0.0', inBundle: true, license: 'MIT' },
    };
    expect(lockfileFaults(packages, licences)).toEqual([]);
  });

  it('names an optional package that was left out, as Node would look for it', () => {
    const packages = {
      'node_modules/a': { ...fine, optionalDependencies: { native: '1.0.0' } },
      'node_modules/b/node_modules/native': fine,
    };
    expect(lockfileFaults(packages, licences)).toEqual([
      expect.stringMatching(/^node_modules\/a: its optional dependency native is not in/),
    ]);
  });

  it('names a download address and a missing integrity', () => {
    const packages = {
      'node_modules/a': { ...fine, resolved: 'https://registry.test/a.tgz' },
      'node_modules/b': { version: '1.0.0', license: 'MIT' },
    };
    expect(lockfileFaults(packages, licences)).toEqual([
      expect.stringMatching(/^node_modules\/a: names where/),
      'node_modules/b: has no integrity',
    ]);
  });

  it.each([
    ['MIT', false, true],
    ['GPL-3.0-only', true, false],
    ['MPL-2.0', true, true],
    ['MPL-2.0', false, false],
    ['(GPL-3.0-only OR MIT)', false, true],
    ['MIT AND Apache-2.0', false, true],
    ['MIT AND GPL-3.0-only', false, false],
    ['(MIT OR GPL-3.0-only) AND Apache-2.0', false, true],
    ['(MIT', false, false],
    ['MIT Apache-2.0', false, false],
    ['SEE LICENSE IN LICENSE', false, false],
    [undefined, false, false],
  ])('judges the licence %s (development: %s): %s', (license, dev, agreed) => {
    const faults = lockfileFaults({ 'node_modules/a': { ...fine, license, dev } }, licences);
    expect(faults.length === 0).toBe(agreed);
  });

  it('lets an exception pass for its own package and licence only, and names one out of use', () => {
    const excepted = {
      ...licences,
      exceptions: { a: { licence: 'CC-BY-4.0', reason: 'data' } },
    };
    const unnamed = { ...fine, license: undefined };
    expect(lockfileFaults({ 'node_modules/a': unnamed }, excepted)).toEqual([]);
    const by = { ...fine, license: 'CC-BY-4.0' };
    expect(lockfileFaults({ 'node_modules/a': by }, excepted)).toEqual([]);
    expect(lockfileFaults({ 'node_modules/a': by, 'node_modules/b': by }, excepted)).toHaveLength(
      1,
    );
    expect(lockfileFaults({ 'node_modules/b': fine }, excepted)).toEqual([
      'licences.json: the exception a is not used any more',
    ]);
  });
});
