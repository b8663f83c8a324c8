import { readdirSync, readFileSync } from 'node:fs';
import { loadScript } from './lua-script.ts';

const files = readdirSync(new URL('../lua/', import.meta.url)).filter((name) =>
  name.endsWith('.lua'),
);

describe('lua scripts', () => {
  it.each(files)('%s is named and opened as the others', (file) => {
    expect(file).toMatch(/^[a-z]+-[0-9]+\.lua$/);
    const script = loadScript(file.replace(/\.lua$/, '') as `${string}-${number}`);
    const header = readFileSync(new URL(`../lua/${file}`, import.meta.url), 'utf8').split(']]')[0];
    expect(header).toMatch(/^--\[\[\n[^]+\n {2}KEYS[^]+\n {2}ARGV[^]+\n {2}returns/);
    expect(script.numberOfKeys).toBe(Number(/[0-9]+/.exec(file)?.[0]));
    expect(script.source).not.toContain('@include');
  });

  it('resolves an include once, however often it is named', () => {
    const { source } = loadScript('commit-6');
    expect(source.split('local MAX_MICROS').length - 1).toBe(1);
    expect(source.indexOf('local MAX_MICROS')).toBeLessThan(
      source.indexOf('local function charge'),
    );
  });

  it('says which file is missing', () => {
    expect(() => loadScript('absent-1')).toThrow(/absent-1\.lua/);
  });
});
