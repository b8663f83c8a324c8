import { UNKNOWN } from '../shell/value.ts';
import type { CodeLanguage } from './evaluate-code.ts';
import { codeCall } from './code-calls.ts';

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

const MAX_TOKENS = 40_000;
const PATH_CONSTRUCTORS = new Set(['Path', 'pathlib.Path', 'PurePath']);

function tokenize(text: string, language: CodeLanguage): Token[] {
  const tokens: Token[] = [];
  const hashComments = language !== 'javascript';
  let index = 0;
  while (index < text.length && tokens.length < MAX_TOKENS) {
    const character = text.charAt(index);
    if (character <= ' ' && character !== '\n') index += 1;
    else if (character === '#' && hashComments) index = lineEnd(text, index);
    else if (text.startsWith('//', index) && (language === 'javascript' || language === 'php'))
      index = lineEnd(text, index);
    else if (text.startsWith('/*', index) && language === 'javascript') {
      const close = text.indexOf('*/', index);
      index = close < 0 ? text.length : close + 2;
    } else if (character === '"' || character === "'" || character === '`') {
      const triple = language === 'python' && text.startsWith(character.repeat(3), index);
      const closing = triple ? character.repeat(3) : character;
      const [value, end] = readString(text, index + closing.length, closing);
      const shellQuote = character === '`' && language !== 'javascript' && language !== 'python';
      tokens.push({ kind: shellQuote ? 'command' : 'string', text: value });
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
export function findCallSites(text: string, language: CodeLanguage): Program | undefined {
  const tokens = tokenize(text, language);
  if (tokens.length >= MAX_TOKENS) return undefined;
  const aliases = new Map<string, string>();
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
    index = readImport(tokens, index, aliases);
    // `p = "/etc/passwd"`: a constant that later arguments name.
    const next = tokens[index + 1]?.text;
    const value = tokens[index + 2];
    if (next === '=' && value?.kind === 'string' && tokens[index + 3]?.text !== '.') {
      constants.set(token.text, concatenate(tokens, index + 2, constants));
    }
    const chain = readChain(tokens, index, aliases);
    const { name, end, receiver } = chain;
    const known = resolveName(name, language);
    const opens = tokens[end]?.text === '(';
    const bare =
      !opens &&
      (tokens[end]?.kind === 'string' || tokens[end]?.text === '[') &&
      language !== 'python' &&
      language !== 'javascript';
    if (known !== undefined && (opens || bare)) {
      const values = readArguments(tokens, opens ? end + 1 : end, constants, bare);
      sites.push({
        name: known,
        arguments: receiver === undefined ? values : [receiver, ...values],
      });
    }
    if (chain.consumed > index) index = chain.consumed;
  }
  const names = new Set(tokens.filter((token) => token.kind === 'name').map((token) => token.text));
  return { sites, names };
}

function readImport(tokens: readonly Token[], index: number, aliases: Map<string, string>): number {
  const word = tokens[index]?.text;
  // `import os as o`, `from shutil import rmtree as r`, `const {execSync: x} = require('child_process')`.
  if (word === 'as' && tokens[index - 1]?.kind === 'name' && tokens[index + 1]?.kind === 'name') {
    aliases.set(tokens[index + 1]?.text ?? '', tokens[index - 1]?.text ?? '');
    return index + 1;
  }
  if (word === 'from' && tokens[index + 1]?.kind === 'name') {
    const module = tokens[index + 1]?.text ?? '';
    for (let at = index + 3; at < tokens.length && at < index + 40; at += 1) {
      const token = tokens[at];
      if (token === undefined || token.text === '\n' || token.text === ';') break;
      if (token.kind === 'name' && token.text !== 'import')
        aliases.set(token.text, `${module}.${token.text}`);
    }
  }
  return index;
}

function readChain(
  tokens: readonly Token[],
  index: number,
  aliases: ReadonlyMap<string, string>,
): { name: string; end: number; receiver: string | undefined; consumed: number } {
  const head = tokens[index]?.text ?? '';
  let name = aliases.get(head) ?? head;
  let end = index + 1;
  let receiver: string | undefined;
  if (
    (PATH_CONSTRUCTORS.has(name) || head === 'Path') &&
    tokens[end]?.text === '(' &&
    tokens[end + 1]?.kind === 'string'
  ) {
    receiver = tokens[end + 1]?.text;
    const close = tokens.findIndex((token, at) => at > end && token.text === ')');
    if (close > 0) {
      end = close + 1;
      name = 'Path()';
    }
  } else if ((head === 'require' || head === '__import__') && tokens[end]?.text === '(') {
    name = (tokens[end + 1]?.text ?? '').replace(/^node:/, '');
    end += 3;
  }
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
  if (head === 'getattr' && tokens[end]?.text === '(') {
    const [, object, , member] = [tokens[end], tokens[end + 1], tokens[end + 2], tokens[end + 3]];
    if (object?.kind === 'name' && member?.kind === 'string') {
      name = `${object.text}.${member.text}`;
      end += 5;
    }
  }
  return { name, end, receiver, consumed };
}

function resolveName(name: string, language: CodeLanguage): string | undefined {
  if (codeCall(language, name) !== undefined) return name;
  const pieces = name.split('.');
  const two = pieces.slice(-2).join('.');
  if (codeCall(language, two) !== undefined) return two;
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
    return pieces.at(-2) === 'child_process' || pieces.at(-2) === 'Kernel' ? last : undefined;
  }
  return codeCall(language, last) !== undefined ? last : undefined;
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
    else if (kind === 'name' && tokens[at + 1]?.text === '=') break;
    else if (
      kind === 'name' &&
      (text === 'f' || text === 'r' || text === 'b' || text === 'rb') &&
      tokens[at + 1]?.kind === 'string'
    )
      continue;
    else if (kind === 'name')
      current =
        (current ?? '') +
        (constants.get(text) ?? (text === 'true' || text === 'True' ? '' : UNKNOWN));
  }
  finish();
  return values;
}
