import type { Value } from './value.ts';

/** Which options of a command take the next word as their value. */
export interface OptionSpec {
  /** Letters of the short options with a value, e.g. `Cc`. */
  short: string;
  /** Long options (or single-dash words) with a value, with their dashes. */
  long: readonly string[];
}

export const NO_VALUES: OptionSpec = Object.freeze({ short: '', long: [] });

/** `-C -c --git-dir` as people write it in the knowledge files. */
export function optionSpec(text: string): OptionSpec {
  let short = '';
  const long: string[] = [];
  for (const option of text.split(' ')) {
    if (option.length === 2) short += option.charAt(1);
    else if (option !== '') long.push(option);
  }
  return { short, long };
}

/** The arguments of one call, split the way getopt does it. */
export class Options {
  readonly operands: Value[] = [];
  /** `-r`, `--recursive`, and for single-dash words (`-auto-approve`) the whole word. */
  readonly flags = new Set<string>();
  readonly values = new Map<string, Value>();
  /** Index in the arguments of the first operand; the length when there is none. */
  firstOperand: number;

  constructor(args: readonly Value[], spec: OptionSpec, stopAtOperand = false) {
    this.firstOperand = args.length;
    for (let index = 0; index < args.length; index += 1) {
      const arg = args[index];
      if (arg === undefined) break;
      const { text } = arg;
      if (text.length < 2 || !text.startsWith('-')) {
        this.firstOperand = Math.min(this.firstOperand, index);
        if (stopAtOperand) return;
        this.operands.push(arg);
        continue;
      }
      if (text === '--') {
        this.firstOperand = Math.min(this.firstOperand, index + 1);
        if (!stopAtOperand) this.operands.push(...args.slice(index + 1));
        return;
      }
      if (text.startsWith('--')) {
        index += this.long(arg, args[index + 1], spec);
      } else {
        index += this.short(arg, args[index + 1], spec);
      }
    }
  }

  private long(arg: Value, next: Value | undefined, spec: OptionSpec): number {
    const equals = arg.text.indexOf('=');
    if (equals > 0) {
      const name = arg.text.slice(0, equals);
      this.flags.add(name);
      this.values.set(name, { ...arg, text: arg.text.slice(equals + 1) });
      return 0;
    }
    this.flags.add(arg.text);
    if (!spec.long.includes(arg.text) || next === undefined) return 0;
    this.values.set(arg.text, next);
    return 1;
  }

  private short(arg: Value, next: Value | undefined, spec: OptionSpec): number {
    const { text } = arg;
    const equals = text.indexOf('=');
    const word = equals > 0 ? text.slice(0, equals) : text;
    this.flags.add(word);
    if (equals > 0) this.values.set(word, { ...arg, text: text.slice(equals + 1) });
    if (spec.long.includes(word)) {
      if (equals > 0 || next === undefined) return 0;
      this.values.set(word, next);
      return 1;
    }
    for (let position = 1; position < text.length; position += 1) {
      const letter = text.charAt(position);
      const name = `-${letter}`;
      this.flags.add(name);
      if (!spec.short.includes(letter)) continue;
      const rest = text.slice(position + 1);
      if (rest !== '') {
        this.values.set(name, { ...arg, text: rest });
        return 0;
      }
      if (next === undefined) return 0;
      this.values.set(name, next);
      return 1;
    }
    return 0;
  }

  /** Any of the names; long ones also in the abbreviations that getopt accepts. */
  has(...names: readonly string[]): boolean {
    for (const name of names) {
      if (this.flags.has(name)) return true;
      if (!name.startsWith('--')) continue;
      for (const flag of this.flags) {
        if (
          flag.length >= 3 &&
          flag.length < name.length &&
          name.startsWith(flag) &&
          flag.startsWith('--')
        ) {
          return true;
        }
      }
    }
    return false;
  }

  value(...names: readonly string[]): Value | undefined {
    for (const name of names) {
      const value = this.values.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
