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
  };
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
  if (options.flags.has('--help') || (options.flags.has('--version') && call.args.length === 1))
    return;
  for (const compiled of tool.entries) {
    if (!matches(compiled, options)) continue;
    const { entry } = compiled;
    shell.report(entry.kind, entry.operation, entry.verdict, entry.id, entry.message, call.span, {
      irreversible: entry.irreversible ?? false,
      ...(entry.suggestion === undefined ? {} : { suggestion: entry.suggestion }),
    });
  }
}

function matches(compiled: Compiled, options: Options): boolean {
  const { entry, subcommand, flags } = compiled;
  const { operands } = options;
  if (subcommand.length > operands.length) return false;
  for (const [index, alternatives] of subcommand.entries()) {
    const text = operands[index]?.text ?? '';
    if (!alternatives.some((pattern) => matchesWord(text, pattern))) return false;
  }
  for (const alternatives of flags) if (!options.has(...alternatives)) return false;
  if (entry.unless?.some((flag) => options.has(flag)) === true) return false;
  if (entry.operands === undefined) return true;
  const rest = operands.slice(subcommand.length);
  return rest.some(
    ({ text }) => entry.operands?.some((pattern) => matchesWord(text, pattern)) === true,
  );
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
