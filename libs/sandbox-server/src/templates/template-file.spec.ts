import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxServerError } from '../sandbox-server-error.ts';
import { openTemplateCatalog } from './template-catalog.ts';
import { readTemplateFile } from './template-file.ts';

describe('a file of templates', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ae-templates-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(content: string): string {
    const path = join(folder, 'templates.json');
    writeFileSync(path, content);
    return path;
  }

  function failure(content: string): string {
    try {
      readTemplateFile(file(content));
    } catch (error) {
      expect(error).toBeInstanceOf(SandboxServerError);
      expect((error as SandboxServerError).code).toBe('invalid_option');
      return (error as SandboxServerError).message;
    }
    throw new Error('it was taken');
  }

  const one = (fields: object): string =>
    JSON.stringify({ templates: [{ name: 'data', ...fields }] });

  it('gives names, environment, limits and programs', () => {
    const written = {
      aliases: ['analysis'],
      envs: { MODE: 'batch' },
      limits: { memoryMb: 1024, cpus: 0.5 },
      programs: ['python3'],
      dockerImage: 'python:3-slim',
    };
    expect(readTemplateFile(file(one(written)))).toEqual([{ name: 'data', ...written }]);
    expect(readTemplateFile(file(one({})))).toEqual([
      { name: 'data', aliases: [], envs: {}, limits: {}, programs: [], dockerImage: undefined },
    ]);
  });

  it.each([
    ['{', 'JSON'],
    ['[]', 'templates'],
    ['{"templates": {}}', 'templates'],
    ['{"templates": [1]}', 'templates[0]'],
    [one({ name: 'A b' }), 'templates[0].name'],
    [one({ name: undefined }), 'templates[0].name'],
    [one({ colour: 'red' }), 'colour'],
    [one({ aliases: 'x' }), 'aliases'],
    [one({ envs: { A: 1 } }), 'envs.A'],
    [one({ envs: { 'A=B': '1' } }), 'envs.A=B'],
    [one({ limits: { memory: 1 } }), 'limits.memory is no limit'],
    [one({ limits: { memoryMb: 1 } }), 'limits.memoryMb'],
    [one({ limits: { processes: 32.5 } }), 'integer'],
    [one({ limits: JSON.parse('{"__proto__": 1}') as object }), '__proto__'],
    [one({ programs: ['a/b'] }), 'programs'],
    [one({ programs: ['$(id)'] }), 'programs'],
    [one({ dockerImage: 1 }), 'dockerImage'],
    [one({ aliases: ['data'] }), 'two templates of the name data'],
  ])('is refused when it holds %s', (content, named) => {
    expect(failure(content)).toContain(named);
  });

  it('is refused when it is not there', () => {
    expect(() => readTemplateFile(join(folder, 'nowhere'))).toThrow('ENOENT');
  });

  describe('in a catalog', () => {
    const machine = (...missing: string[]) => ({
      missingPrograms: (programs: readonly string[]) =>
        Promise.resolve(programs.filter((program) => missing.includes(program))),
    });

    it('comes beside the default templates, of which those stay that can be had', async () => {
      const written = readTemplateFile(file(one({ aliases: ['analysis'] })));
      const catalog = await openTemplateCatalog(machine('python3'), written);
      expect(catalog.names).toEqual(['base', 'node', 'data']);
      expect(catalog.find('analysis')?.name).toBe('data');
      expect(catalog.find('python')).toBeUndefined();
    });

    it('takes the place of a default one', async () => {
      const written = readTemplateFile(file(one({ name: 'base', envs: { A: '1' } })));
      const catalog = await openTemplateCatalog(machine(), written);
      expect(catalog.find('base')?.envs).toEqual({ A: '1' });
      expect(catalog.names).toEqual(['python', 'node', 'base']);
    });

    it('is refused when a program of it is missing', async () => {
      const written = readTemplateFile(file(one({ programs: ['bash', 'R'] })));
      await expect(openTemplateCatalog(machine('R'), written)).rejects.toThrow(
        'Template data needs the program R',
      );
    });
  });
});
