import { UNKNOWN } from '../shell/value.ts';
import type { ScriptingLanguage } from './scripting-knowledge.ts';
import { scriptingCall } from './scripting-knowledge.ts';

export interface CallSite {
  name: string;
  /** Literal arguments in order, a list's elements spread; `UNKNOWN` for what is computed. */
  arguments: string[];
}

/** What a program calls, and every name in it. */
export interface Program {
  sites: CallSite[];
  names: ReadonlySet<string>;
}

interface Token {
  kind: 'name' | 'string' | 'symbol' | 'command';
  text: string;
}

/** `unlink glob('/x/*')`, `Dir['/x/*']`: what stands inside is the path. */
const GLOBBING: ReadonlySet<string> = new Set(['glob', 'Dir', 'bsd_glob', 'File', 'expand_path']);
const MAX_TOKENS = 40_000;

function tokenize(text: string, language: ScriptingLanguage): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length && tokens.length < MAX_TOKENS) {
    const character = text.charAt(index);
    if (character <= ' ' && character !== '\n') index += 1;
    else if (character === '#') index = lineEnd(text, index);
    else if (text.startsWith('//', index) && language === 'php') index = lineEnd(text, index);
    else if (character === '"' || character === "'" || character === '`') {
      const [value, end] = readString(text, index + 1, character);
      tokens.push({ kind: character === '`' ? 'command' : 'string', text: value });
      index = end;
    } else if (OPENING_QUOTES.test(text.slice(index, index + 4))) {
      // `%x(...)`, `qx{...}`, `q(...)`, `%w[...]`: quotes with a bracket of their own.
      const opening = /[([{<|!/]/.exec(text.slice(index, index + 4))?.index ?? 0;
      const word = text.slice(index, index + opening);
      const [value, end] = readString(
        text,
        index + opening + 1,
        CLOSING[text.charAt(index + opening)] ?? text.charAt(index + opening),
      );
      tokens.push({ kind: /x$/.test(word) ? 'command' : 'string', text: value });
      index = end;
    } else if (/[A-Za-z_$\u0080-\uffff]/.test(character)) {
      let end = index + 1;
      while (end < text.length && /[A-Za-z0-9_$\u0080-\uffff]/.test(text.charAt(end))) end += 1;
      tokens.push({ kind: 'name', text: text.slice(index, end) });
      index = end;
    } else {
      tokens.push({ kind: 'symbol', text: character });
      index += 1;
    }
  }
  return tokens;
}

const OPENING_QUOTES = /^(?:%[xqQwWiI]?[([{<|]|q[qxw]?[([{<|!/])/;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };

function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

function readString(text: string, from: number, closing: string): [string, number] {
  let value = '';
  for (let index = from; index < text.length; index += 1) {
    if (text.startsWith(closing, index)) return [value, index + closing.length];
    if (text.charAt(index) === '\\') {
      const [decoded, length] = readEscape(text, index);
      value += decoded;
      index += length - 1;
    } else value += text.charAt(index);
  }
  return [value, text.length];
}

function readEscape(text: string, at: number): [string, number] {
  const match =
    /^\\(?:x\{?([0-9a-fA-F]{1,4})\}?|u\{?([0-9a-fA-F]{1,6})\}?|([0-7]{1,3})|([\s\S]))/.exec(
      text.slice(at, at + 12),
    );
  if (match === null) return ['\\', 1];
  const hex = match[1] ?? match[2];
  if (hex !== undefined)
    return [String.fromCharCode(Number.parseInt(hex, 16) & 0xffff), match[0].length];
  if (match[3] !== undefined)
    return [String.fromCharCode(Number.parseInt(match[3], 8)), match[0].length];
  const plain: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return [plain[match[4] ?? ''] ?? match[4] ?? '', match[0].length];
}

/**
 * The calls of a program whose names are known to do something; undefined when the program is
 * longer than is read.
 */
export function findCallSites(text: string, language: ScriptingLanguage): Program | undefined {
  const tokens = tokenize(text, language);
  if (tokens.length >= MAX_TOKENS) return undefined;
  const constants = new Map<string, string>();
  const sites: CallSite[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.kind === 'command') {
      sites.push({ name: '`', arguments: [token.text] });
      continue;
    }
    if (token.kind !== 'name') continue;
    // `.then(eval)`: handed on instead of called.
    const handed = tokens[index - 1]?.text === '(' && tokens[index + 1]?.text === ')';
    if (handed && (token.text === 'eval' || token.text === 'exec')) {
      sites.push({ name: token.text, arguments: [UNKNOWN] });
      continue;
    }
    // `p = "/etc/passwd"`: a constant that later arguments name.
    const next = tokens[index + 1]?.text;
    const value = tokens[index + 2];
    if (next === '=' && value?.kind === 'string' && tokens[index + 3]?.text !== '.') {
      constants.set(token.text, concatenate(tokens, index + 2, constants));
    }
    const chain = readChain(tokens, index);
    const { name, end } = chain;
    const known = resolveName(name, language);
    const following = tokens[end];
    const opens = following?.text === '(';
    // Without brackets: `unlink 'x'`, `system $command`, `exec join(...)`.
    const bare =
      !opens &&
      following !== undefined &&
      (following.kind === 'string' ||
        following.text === '[' ||
        following.text === '@' ||
        GLOBBING.has(following.text) ||
        (following.kind === 'name' &&
          language === 'perl' &&
          !/^(?:if|unless|or|and|for|foreach|while)$/.test(following.text)));
    if (known !== undefined && (opens || bare)) {
      const values = readArguments(tokens, opens ? end + 1 : end, constants, bare);
      sites.push({ name: known, arguments: values });
    }
    if (chain.consumed > index) index = chain.consumed;
  }
  const names = new Set(tokens.filter((token) => token.kind === 'name').map((token) => token.text));
  return { sites, names };
}

function readChain(
  tokens: readonly Token[],
  index: number,
): { name: string; end: number; consumed: number } {
  const head = tokens[index]?.text ?? '';
  let name = head;
  let end = index + 1;
  let consumed = index;
  while (
    (tokens[end]?.text === '.' || tokens[end]?.text === '?') &&
    tokens[end + 1] !== undefined
  ) {
    const following = tokens[end + 1];
    if (following?.kind !== 'name') break;
    name += `.${following.text}`;
    end += 2;
    consumed = end - 1;
  }
  if (
    tokens[end]?.text === '[' &&
    tokens[end + 1]?.kind === 'string' &&
    tokens[end + 2]?.text === ']'
  ) {
    name += `.${tokens[end + 1]?.text ?? ''}`;
    end += 3;
    consumed = end - 1;
  }
  return { name, end, consumed };
}

function resolveName(name: string, language: ScriptingLanguage): string | undefined {
  if (scriptingCall(language, name) !== undefined) return name;
  const pieces = name.split('.');
  const two = pieces.slice(-2).join('.');
  if (scriptingCall(language, two) !== undefined) return two;
  const last = pieces.at(-1) ?? '';
  // `re.exec(...)`, `cursor.eval`: too common to mean a command without their module.
  if (
    pieces.length > 1 &&
    [
      'exec',
      'eval',
      'open',
      'system',
      'unlink',
      'spawn',
      'remove',
      'truncate',
      'rmdir',
      'Function',
    ].includes(last)
  ) {
    return pieces.at(-2) === 'Kernel' ? last : undefined;
  }
  return scriptingCall(language, last) !== undefined ? last : undefined;
}

function concatenate(
  tokens: readonly Token[],
  from: number,
  constants: ReadonlyMap<string, string>,
): string {
  let value = '';
  for (let at = from; at < tokens.length; at += 2) {
    const token = tokens[at];
    if (token?.kind === 'string') value += token.text;
    else if (token?.kind === 'name') value += constants.get(token.text) ?? UNKNOWN;
    if (tokens[at + 1]?.text !== '+') break;
  }
  return value;
}

/** The index of the bracket that closes the one at `open`. */
function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind !== 'symbol') continue;
    if (token.text === '(') depth += 1;
    else if (token.text === ')') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return tokens.length;
}

function readArguments(
  tokens: readonly Token[],
  from: number,
  constants: ReadonlyMap<string, string>,
  bare: boolean,
): string[] {
  const values: string[] = [];
  let depth = 0;
  let current: string | undefined;
  const finish = (): void => {
    if (current !== undefined) values.push(current);
    current = undefined;
  };
  for (let at = from; at < tokens.length && at < from + 400; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const { text, kind } = token;
    if (kind === 'symbol' && (text === '(' || text === '[' || text === '{')) depth += 1;
    else if (kind === 'symbol' && (text === ')' || text === ']' || text === '}')) {
      if (depth === 0) break;
      depth -= 1;
    } else if (kind === 'symbol' && (text === ';' || (text === '\n' && bare))) break;
    else if (kind === 'symbol' && text === ',') finish();
    else if (kind === 'string') current = (current ?? '') + text;
    else if (kind === 'name' && tokens[at + 1]?.text === '(' && !GLOBBING.has(text)) {
      // What another function makes is computed, whatever it is made of.
      current = UNKNOWN;
      at = closingOf(tokens, at + 1);
    } else if (kind === 'name' && tokens[at + 1]?.text === '=') break;
    else if (kind === 'name' && text === 'Dir' && tokens[at + 2]?.text === 'home') {
      current = `${current ?? ''}~`;
      at += 2;
    } else if (kind === 'name' && GLOBBING.has(text) && tokens[at + 1]?.text !== ',') continue;
    else if (kind === 'name')
      current = (current ?? '') + (constants.get(text) ?? (text === 'true' ? '' : UNKNOWN));
  }
  finish();
  return values;
}
