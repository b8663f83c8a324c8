/**
 * `npm run bench`: lists the benchmarks (`libs/NAME/bench/*.mjs`, `tools/bench/*.mjs`).
 * `npm run bench -- NAME [ARG...]`: runs one on the sources.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseNode } from '../start/src/runtime.mjs';

const own = fileURLToPath(import.meta.url);
const root = resolve(dirname(own), '../..');
const folders = [
  ...readdirSync(join(root, 'libs')).map((library) => join(root, 'libs', library, 'bench')),
  dirname(own),
];
const benchmarks = folders
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.mjs') && file !== own);

const [name, ...args] = process.argv.slice(2);
const file = benchmarks.find((path) => basename(path, '.mjs') === name);
if (file === undefined) {
  if (name !== undefined) process.stderr.write(`There is no benchmark ${name}.\n`);
  const list = benchmarks.map((path) => basename(path, '.mjs')).join('\n');
  process.stdout.write(`${list || 'There are no benchmarks yet.'}\n`);
  process.exit(name === undefined ? 0 : 1);
}
const child = spawn(chooseNode({ root }).path, ['--conditions=@ae/source', file, ...args], {
  cwd: root,
  stdio: 'inherit',
});
child.once('exit', (code) => process.exit(code ?? 1));
