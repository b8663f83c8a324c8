import type { OptionSpec } from '../shell/options.ts';
import { NO_VALUES, Options, optionSpec } from '../shell/options.ts';
import type { Call, Shell } from '../shell/shell.ts';
import { UNKNOWN, hasGlob, hasUnknown } from '../shell/value.ts';
import { FAMILIES } from './families.ts';
import type { KnowledgeEntry } from './knowledge.ts';

/** An entry, its patterns split once. */
interface Compiled {
  entry: KnowledgeEntry;
  subcommand: readonly (readonly string[])[];
  flags: readonly (readonly string[])[];
  options: readonly (readonly Assigned[])[];
  environment: readonly Assigned[];
}

/** A name and the pattern of its value. */
interface Assigned {
  name: string;
  value: string;
}

interface Tool {
  spec: OptionSpec;
  entries: Compiled[];
}

function compile(entry: KnowledgeEntry): Compiled {
  return {
    entry,
    subcommand: (entry.subcommand ?? '')
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => word.split('|')),
    flags: (entry.flags ?? []).map((flag) => flag.split('|')),
    options: (entry.options ?? []).map((option) => option.split('|').map(assigned)),
    environment: (entry.environment ?? []).map(assigned),
  };
}

function assigned(text: string): Assigned {
  const equals = text.indexOf('=');
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

const TOOLS: ReadonlyMap<string, Tool> = buildTools();

function buildTools(): Map<string, Tool> {
  const tools = new Map<string, Tool>();
  for (const family of FAMILIES) {
    for (const entry of family.entries) {
      const compiled = compile(entry);
      for (const command of entry.command.split(' ')) {
        let tool = tools.get(command);
        if (tool === undefined) {
          const values = family.values[command];
          tool = { spec: values === undefined ? NO_VALUES : optionSpec(values), entries: [] };
          tools.set(command, tool);
        }
        tool.entries.push(compiled);
      }
    }
  }
  return tools;
}

/** Reports what the knowledge files say about a call. */
export function judgeByKnowledge(shell: Shell, call: Call): void {
  const tool = TOOLS.get(call.name);
  if (tool === undefined) return;
  const options = new Options(call.args, tool.spec);
  if (isQuestion(options, call)) return;
  for (const compiled of tool.entries) {
    if (!matches(compiled, options, call)) continue;
    const { entry } = compiled;
    shell.report(entry.kind, entry.operation, entry.verdict, entry.id, entry.message, call.span, {
      irreversible: entry.irreversible ?? false,
      ...(entry.suggestion === undefined ? {} : { suggestion: entry.suggestion }),
    });
  }
}

/** Asks for help or the version instead of doing anything. */
function isQuestion({ flags, operands }: Options, call: Call): boolean {
  if (flags.has('--help') || flags.has('-help')) return true;
  if (operands.length > 1 && operands.at(-1)?.text === 'help') return true;
  return call.args.length === 1 && (flags.has('--version') || flags.has('-h'));
}

function matches(compiled: Compiled, options: Options, call: Call): boolean {
  const { entry, subcommand, flags } = compiled;
  const { operands } = options;
  if (subcommand.length > operands.length) return false;
  for (const [index, alternatives] of subcommand.entries()) {
    const text = operands[index]?.text ?? '';
    if (!alternatives.some((pattern) => matchesWord(text, pattern))) return false;
  }
  for (const alternatives of flags) if (!options.has(...alternatives)) return false;
  if (entry.unless?.some((word) => isThere(options, word)) === true) return false;
  for (const alternatives of compiled.options) {
    if (!alternatives.some(({ name, value }) => hasValue(options, name, value))) return false;
  }
  for (const { name, value } of compiled.environment) {
    const given = call.state.lookup(name)?.text;
    if (given === undefined || !matchesWord(given, value)) return false;
  }
  if (entry.operands === undefined) return true;
  const rest = operands.slice(subcommand.length);
  return rest.some(
    ({ text }) => entry.operands?.some((pattern) => matchesWord(text, pattern)) === true,
  );
}

/** A flag, or a word among the operands. */
function isThere(options: Options, word: string): boolean {
  if (word.startsWith('-')) return options.has(word);
  return options.operands.some(({ text }) => matchesWord(text, word));
}

function hasValue(options: Options, name: string, pattern: string): boolean {
  const value = options.values.get(name)?.text;
  return value !== undefined && matchesWord(value, pattern);
}

function matchesWord(text: string, pattern: string): boolean {
  if (text === pattern) return true;
  const star = pattern.indexOf('*');
  if (star < 0) {
    // A part that is not known may be the word that matters; an unknown alone says nothing.
    return text !== UNKNOWN && (hasUnknown(text) || hasGlob(text)) && couldBe(text, pattern);
  }
  if (pattern === '*') return true;
  const last = pattern.lastIndexOf('*');
  const head = pattern.slice(0, star);
  const tail = pattern.slice(last + 1);
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length)
    return false;
  const middle = pattern.slice(star + 1, last);
  return (
    middle === '' ||
    star === last ||
    text.slice(head.length, text.length - tail.length).includes(middle.replaceAll('*', ''))
  );
}

/** Whether the known head and tail of a text fit an exact word. */
function couldBe(text: string, word: string): boolean {
  let head = 0;
  while (head < text.length && text.charCodeAt(head) > 2) head += 1;
  let tail = text.length;
  while (tail > head && text.charCodeAt(tail - 1) > 2) tail -= 1;
  const known = head + (text.length - tail);
  return (
    known > 0 &&
    known <= word.length &&
    word.startsWith(text.slice(0, head)) &&
    word.endsWith(text.slice(tail))
  );
}
