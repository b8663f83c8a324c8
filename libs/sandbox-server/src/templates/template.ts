import type { GuestLimits } from '../backends/backend.ts';

/** What a sandbox is made of, by name. This machine has one image, its own programs. */
export interface Template {
  readonly name: string;
  /** Environment of every command, before that of the create request. */
  readonly envs: Readonly<Record<string, string>>;
  /** In place of the server's. */
  readonly limits: Partial<GuestLimits>;
}

/** `base` is E2B's default. */
const TEMPLATES: readonly Template[] = [{ name: 'base', envs: {}, limits: {} }];

export function templateNames(): string[] {
  return TEMPLATES.map(({ name }) => name);
}

export function templateNamed(name: string): Template | undefined {
  return TEMPLATES.find((template) => template.name === name);
}
