import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readmeExamples } from './readme-examples.ts';
import type { ReadmeExample } from './readme-examples.ts';

describe('readmeExamples', () => {
  const examples = readmeExamples(fileURLToPath(new URL('../fixtures/readme/', import.meta.url)));
  const example = (heading: string): ReadmeExample =>
    examples.find(({ title }) => title.startsWith(`${heading} (`))!;

  it('takes the ts blocks only, each with its heading and line', () => {
    expect(examples.map(({ title }) => title)).toEqual([
      'Good (README.md:10)',
      'Environment (README.md:19)',
      'Wrong type (README.md:25)',
      'Fails when run (README.md:31)',
      'Compiled only (README.md:37)',
    ]);
  });

  it('runs a block against the sources of the workspace', async () => {
    await expect(example('Good').run()).resolves.toBeUndefined();
  });

  it('hands on the environment it is given', async () => {
    await expect(example('Environment').run()).rejects.toThrow('not given');
    await example('Environment').run({ env: { AE_README_VALUE: 'given' } });
  });

  it('names the line of the README that does not compile', async () => {
    await expect(example('Wrong type').run()).rejects.toThrow(/\(25,7\): error TS2322/);
  });

  it('fails with the output of a block that throws, at the line of the README', async () => {
    await expect(example('Fails when run').run()).rejects.toThrow(/:31[\s\S]*on purpose/);
  });

  it('compiles but does not run a block marked no-run', async () => {
    await expect(example('Compiled only').run()).resolves.toBeUndefined();
  });

  it('refuses a README without an example', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ae-readme-'));
    writeFileSync(join(directory, 'README.md'), '# Empty\n');
    expect(() => readmeExamples(directory)).toThrow('has no ```ts block');
    rmSync(directory, { recursive: true });
  });
});
