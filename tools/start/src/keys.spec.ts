import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, writeText } from './fakes.ts';
import { loadKeys } from './keys.mjs';

describe('loadKeys', () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'keys.json');
  afterAll(() => folder.remove());

  it('makes three different keys once and keeps them to their owner', () => {
    const keys = loadKeys(folder.path);
    for (const key of Object.values(keys)) expect(key).toMatch(/^ae_[\w-]{43}$/);
    expect(new Set(Object.values(keys)).size).toBe(3);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(loadKeys(folder.path)).toEqual(keys);
  });

  it.each(['{}', '{"admin":', '{"admin":"short","worker":"short","sandbox":"short"}'])(
    'refuses %s instead of replacing it',
    (text) => {
      writeText(file, text);
      expect(() => loadKeys(folder.path)).toThrow(/keys\.json is damaged/);
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );
});
