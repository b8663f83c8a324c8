import { join } from 'node:path';
import { temporaryFolder, writeText } from './fakes.ts';
import { packagesMatchLock } from './packages.mjs';

describe('packagesMatchLock', () => {
  const folder = temporaryFolder();
  let count = 0;
  afterAll(() => folder.remove());

  const locked = {
    '': { version: '0.0.0' },
    'libs/a': { version: '0.1.0' },
    'node_modules/@ae/a': { link: true },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/native-elsewhere': { version: '1.0.0', optional: true },
  };
  const present = {
    'libs/a': { version: '0.1.0' },
    'node_modules/@ae/a': { link: true },
    'node_modules/b': { version: '1.0.0' },
  };

  function matches(installed?: Record<string, object>): boolean {
    count += 1;
    const root = join(folder.path, String(count));
    writeText(join(root, 'package-lock.json'), JSON.stringify({ packages: locked }));
    if (installed !== undefined) {
      const file = join(root, 'node_modules', '.package-lock.json');
      writeText(file, JSON.stringify({ packages: installed }));
    }
    return packagesMatchLock(root);
  }

  it.each([
    ['the same, without an optional package of another platform', present, true],
    ['nothing', undefined, false],
    ['another version', { ...present, 'node_modules/b': { version: '0.9.0' } }, false],
    ['a package too few', { 'node_modules/@ae/a': { link: true } }, false],
    ['a package too many', { ...present, 'node_modules/c': { version: '1.0.0' } }, false],
  ])('with %s installed', (_what, installed, expected) => {
    expect(matches(installed)).toBe(expected);
  });
});
