import type { Backend } from '../backends/backend.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Template } from './template.ts';

function template(name: string, ...programs: readonly string[]): Template {
  return { name, aliases: [], envs: {}, limits: {}, programs, dockerImage: undefined };
}

/** `base` is E2B's default. */
const BASE = template('base', 'bash');
const DEFAULT_TEMPLATES = [BASE, template('python', 'python3'), template('node', 'node')];

/** The templates of one server, by name and alias. */
export class TemplateCatalog {
  readonly #templates: readonly Template[];

  constructor(templates: readonly Template[]) {
    this.#templates = templates;
  }

  get names(): string[] {
    return this.#templates.map(({ name }) => name);
  }

  find(name: string): Template | undefined {
    return this.#templates.find((one) => one.name === name || one.aliases.includes(name));
  }
}

/**
 * Keeps to what the backend's guests have: of the default templates those whose programs are
 * there; one that an operator wrote must be whole.
 *
 * @param written those of the operator's file; they come beside the default ones, or in place of
 *   one of the same name
 * @throws SandboxServerError `invalid_option` naming the missing program
 */
export async function openTemplateCatalog(
  backend: Pick<Backend, 'missingPrograms'>,
  written: readonly Template[],
): Promise<TemplateCatalog> {
  const names = new Set(written.map(({ name }) => name));
  const defaults = DEFAULT_TEMPLATES.filter(({ name }) => !names.has(name));
  const missing = (one: Template): Promise<string[]> =>
    backend.missingPrograms(one.programs, one.dockerImage);
  for (const one of written) {
    const [program] = await missing(one);
    if (program !== undefined) {
      throw new SandboxServerError(
        'invalid_option',
        `Template ${one.name} needs the program ${program}, which sandboxes do not have here.`,
      );
    }
  }
  const whole: Template[] = [];
  for (const one of defaults) {
    if (one === BASE || (await missing(one)).length === 0) whole.push(one);
  }
  return new TemplateCatalog([...whole, ...written]);
}
