import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshen } from './fresh-folder.ts';

describe('freshen', () => {
  it('makes all of a folder look new, so that no tidying takes it for forgotten', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ae-fresh-'));
    const paths = [folder, join(folder, 'agent'), join(folder, 'agent', 'main.js')];
    mkdirSync(paths[1]!);
    writeFileSync(paths[2]!, '');
    paths.toReversed().forEach((path) => utimesSync(path, 1, 1));
    freshen(folder);
    for (const path of paths) {
      expect(statSync(path).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
      expect(statSync(path).atimeMs).toBeGreaterThan(Date.now() - 60_000);
    }
    rmSync(folder, { recursive: true });
    expect(() => freshen(folder)).not.toThrow();
  });
});
