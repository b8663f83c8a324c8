import { runInNewContext } from 'node:vm';
import { bundleModules } from './agent-bundle.ts';

const run = (files: Record<string, string>): unknown => {
  const code = bundleModules('main.js', (file) => files[file] ?? '');
  return runInNewContext(`${code}; globalThis.bundled`, { process });
};

describe('bundleModules', () => {
  it('runs each module once, with what it imports under its own names', () => {
    const files = {
      'main.js': [
        `import { join as path } from 'node:path';`,
        `import {\n  a,\n  B,\n} from './one.js';`,
        `import { list } from './two-b.js';`,
        `import { nothing } from "./none.js";`,
        `list.push(path(a(), new B().name, String(nothing)));`,
        `globalThis.bundled = list;`,
      ].join('\n'),
      'one.js': [
        `import { list } from './two-b.js';`,
        `const hidden = 'one';`,
        `export function a() { return hidden; }`,
        `export class B { name = 'class'; }`,
        `list.push('one');`,
      ].join('\n'),
      'two-b.js': `const hidden = 'two';\nexport const list = [hidden];\nexport async function* more() {}`,
      'none.js': 'export {};',
    };
    expect(run(files)).toEqual(['two', 'one', 'one/class/undefined']);
  });

  it.each([
    ['a default', { 'main.js': `import fs from 'node:fs';` }],
    ['a namespace', { 'main.js': `import * as fs from 'node:fs';` }],
    ['an export of another`s', { 'main.js': `export { a } from './a.js';` }],
    ['a variable that changes', { 'main.js': 'export let a = 1;' }],
    [
      'a circle',
      { 'main.js': `import { a } from './a.js';`, 'a.js': `import { b } from './main.js';` },
    ],
  ])('refuses %s', (_name, files: Record<string, string>) => {
    expect(() => bundleModules('main.js', (file) => files[file] ?? '')).toThrow(
      /cannot bundle|imports itself/,
    );
  });
});
