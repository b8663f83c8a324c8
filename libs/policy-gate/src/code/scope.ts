import type { CodeValue } from './code-value.ts';

/** The names of one block, function or module. */
export class Scope {
  private readonly values = new Map<string, CodeValue>();
  private readonly outer: Scope | undefined;
  /** Modules whose every name was imported. */
  readonly starModules: string[];

  constructor(outer?: Scope) {
    this.outer = outer;
    this.starModules = outer?.starModules ?? [];
  }

  get(name: string): CodeValue | undefined {
    return this.values.get(name) ?? this.outer?.get(name);
  }

  declare(name: string, value: CodeValue): void {
    this.values.set(name, value);
  }

  /** Assigns where the name is known, else here. */
  assign(name: string, value: CodeValue): void {
    if (!this.assignKnown(name, value)) this.values.set(name, value);
  }

  private assignKnown(name: string, value: CodeValue): boolean {
    if (!this.values.has(name)) return this.outer?.assignKnown(name, value) ?? false;
    this.values.set(name, value);
    return true;
  }
}
