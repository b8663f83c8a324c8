import { readFileSync } from 'node:fs';
import type { GuestLimits } from '../backends/backend.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Template } from './template.ts';

type Fields = Readonly<Record<string, unknown>>;

const NAME = /^[a-z0-9][a-z0-9._/-]{0,127}$/;
const FIELDS = ['name', 'aliases', 'envs', 'limits', 'programs', 'dockerImage'];
/** Least and most, as for the server's own limits. */
const LIMITS: Readonly<Record<keyof GuestLimits, readonly [number, number]>> = {
  processes: [32, 100_000],
  memoryMb: [128, 1024 * 1024],
  diskMb: [16, 1024 * 1024],
  cpus: [0.1, 1024],
  openFiles: [64, 1_000_000],
  fileMb: [1, 1024 * 1024],
};

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the templates of a file, so that every mistake in it is named before the server starts. */
class TemplateReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  fail(reason: string): never {
    throw new SandboxServerError('invalid_option', `${this.#file}: ${reason}.`);
  }

  names(of: string, value: unknown, pattern: RegExp): string[] {
    if (value === undefined) return [];
    const isName = (one: unknown): boolean => typeof one === 'string' && pattern.test(one);
    if (!Array.isArray(value) || !value.every(isName)) this.fail(`${of} must be a list of names`);
    return value as string[];
  }

  envs(of: string, value: unknown): Record<string, string> {
    if (value === undefined) return {};
    if (!isObject(value)) this.fail(`${of} must be an object of strings`);
    for (const [name, text] of Object.entries(value)) {
      if (typeof text !== 'string' || /[=\0]/.test(name) || name === '' || text.includes('\0')) {
        this.fail(`${of}.${name} cannot be in an environment`);
      }
    }
    return value as Record<string, string>;
  }

  limits(of: string, value: unknown): Partial<GuestLimits> {
    if (value === undefined) return {};
    if (!isObject(value)) this.fail(`${of} must be an object of numbers`);
    for (const [name, amount] of Object.entries(value)) {
      if (!Object.hasOwn(LIMITS, name)) this.fail(`${of}.${name} is no limit`);
      const [least, most] = LIMITS[name as keyof GuestLimits];
      if (typeof amount !== 'number' || !(amount >= least && amount <= most)) {
        this.fail(`${of}.${name} must be a number from ${least} to ${most}`);
      }
      if (name !== 'cpus' && !Number.isInteger(amount)) {
        this.fail(`${of}.${name} must be an integer`);
      }
    }
    return value;
  }

  template(index: number, value: unknown): Template {
    const at = `templates[${index}]`;
    if (!isObject(value)) this.fail(`${at} must be an object`);
    const unknown = Object.keys(value).find((field) => !FIELDS.includes(field));
    if (unknown !== undefined) this.fail(`${at}.${unknown} is no field of a template`);
    const { name, aliases, envs, limits, programs, dockerImage } = value;
    if (typeof name !== 'string' || !NAME.test(name)) {
      this.fail(`${at}.name must be of a-z, 0-9, '.', '_', '/' and '-'`);
    }
    if (dockerImage !== undefined && typeof dockerImage !== 'string') {
      this.fail(`${at}.dockerImage must be a string`);
    }
    return {
      name,
      aliases: this.names(`${at}.aliases`, aliases, NAME),
      envs: this.envs(`${at}.envs`, envs),
      limits: this.limits(`${at}.limits`, limits),
      programs: this.names(`${at}.programs`, programs, /^[\w.+-]+$/),
      dockerImage,
    };
  }
}

/**
 * The templates of a JSON file, `{"templates": [{name, aliases?, envs?, limits?, programs?,
 * dockerImage?}]}`.
 *
 * @throws SandboxServerError `invalid_option`, naming the place
 */
export function readTemplateFile(file: string): Template[] {
  const reader: TemplateReader = new TemplateReader(file);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    reader.fail(error instanceof Error ? error.message : String(error));
  }
  if (!isObject(content) || !Array.isArray(content['templates'])) {
    reader.fail('it must hold an object with the list "templates"');
  }
  const templates = content['templates'].map((one, index) => reader.template(index, one));
  const names = templates.flatMap(({ name, aliases }) => [name, ...aliases]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) reader.fail(`there are two templates of the name ${twice}`);
  return templates;
}
