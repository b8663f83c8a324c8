import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BuiltPage {
  directory: string;
  remove(): void;
}

/** Builds the page from source into a folder of its own, so that no old build is tested. */
export function buildPage(): BuiltPage {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'ae-dashboard-'));
  const vite = join(
    dirname(createRequire(import.meta.url).resolve('vite/package.json')),
    'bin/vite.js',
  );
  const build = spawnSync(
    process.execPath,
    [vite, 'build', '--outDir', directory, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: project, encoding: 'utf8', env: { ...process.env, NODE_ENV: '', NODE_OPTIONS: '' } },
  );
  if (build.status !== 0) throw new Error(`vite build failed:\n${build.stdout}${build.stderr}`);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
