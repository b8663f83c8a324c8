import { posix } from 'node:path';

import { STAR, Taint, UNKNOWN, isExact } from '../shell/value.ts';
import type { Arguments, CodeValue } from './code-value.ts';
import {
  constant,
  exactText,
  list,
  name,
  plus,
  taintOf,
  text,
  textOf,
  unknown,
} from './code-value.ts';
import type { Machine } from './machine.ts';
import { decodeBytes } from './string-literals.ts';

type TextFunction = (args: readonly CodeValue[], machine: Machine) => CodeValue | undefined;
type TextMethod = (
  receiver: CodeValue,
  args: readonly CodeValue[],
  machine: Machine,
) => CodeValue | undefined;

/**
 * Functions and methods that only make a text (or a list) of others: what a program builds its
 * commands, paths and names with. Undefined for a call that is none of them.
 */
export function callTextFunction(
  machine: Machine,
  callee: CodeValue,
  args: Arguments,
): CodeValue | undefined {
  if (callee.is === 'method') {
    const method = Object.hasOwn(METHODS, callee.name) ? METHODS[callee.name] : undefined;
    const { receiver } = callee;
    if (receiver.is !== 'text' && receiver.is !== 'list') return undefined;
    return method?.(receiver, args.positional, machine);
  }
  if (callee.is !== 'name') return undefined;
  const plain = Object.hasOwn(FUNCTIONS, callee.path) ? FUNCTIONS[callee.path] : undefined;
  return plain?.(args.positional, machine);
}

function decoded(source: CodeValue | undefined, encoding: 'base64' | 'hex'): CodeValue {
  const taint = taintOf(source) | Taint.decoded;
  const known = exactText(source);
  if (known === undefined || known.length > 65_536) return unknown(taint);
  const plain = decodeBytes(Buffer.from(known, encoding));
  return plain === undefined ? unknown(taint) : text(plain, taint);
}

function joinPaths(values: readonly CodeValue[]): CodeValue {
  let joined = '';
  let taint = 0;
  for (const value of values) {
    const piece = textOf(value);
    taint |= taintOf(value);
    if (piece.startsWith('/')) joined = piece;
    else joined += joined === '' || joined.endsWith('/') ? piece : `/${piece}`;
  }
  return text(joined, taint);
}

function flat(values: readonly CodeValue[]): CodeValue[] {
  return values.flatMap((value) => (value.is === 'list' ? value.items : [value]));
}

function expandHome(value: CodeValue | undefined, machine: Machine): CodeValue {
  const path = textOf(value);
  const home = machine.state.home;
  return text(path === '~' || path.startsWith('~/') ? home + path.slice(1) : path, taintOf(value));
}

/** A pattern of glob, with its stars active. */
function globbed(base: string, pattern: string): CodeValue {
  const path = pattern.startsWith('/') || base === '' ? pattern : `${base}/${pattern}`;
  return list([text(path.replaceAll(/\*+/g, STAR))]);
}

const passOn: TextFunction = ([value]) => value;

/** An address built of parts: what it is made of stays visible. */
const FUNCTIONS: Readonly<Record<string, TextFunction>> = {
  // Python
  str: passOn,
  repr: passOn,
  bytes: bytesOf,
  bytearray: bytesOf,
  list: passOn,
  tuple: passOn,
  sorted: passOn,
  set: passOn,
  iter: passOn,
  'sqlalchemy.text': passOn,
  'sqlalchemy.sql.text': passOn,
  'textwrap.dedent': passOn,
  'typing.cast': (args) => args[1],
  reversed: ([value]) =>
    value?.is === 'list'
      ? list([...value.items].reverse())
      : value?.is === 'text'
        ? reversedText(value)
        : undefined,
  chr: ([value]) => {
    const code = Number(textOf(value));
    return Number.isInteger(code) && code > 2 ? text(String.fromCharCode(code)) : undefined;
  },
  map: ([mapper, values], machine) =>
    mapper !== undefined && values?.is === 'list'
      ? list(values.items.slice(0, 4096).map((item) => callOne(machine, mapper, item)))
      : undefined,
  'bytes.fromhex': ([value]) => decoded(value, 'hex'),
  'bytearray.fromhex': ([value]) => decoded(value, 'hex'),
  'binascii.unhexlify': ([value]) => decoded(value, 'hex'),
  'binascii.a2b_base64': ([value]) => decoded(value, 'base64'),
  'base64.b64decode': ([value]) => decoded(value, 'base64'),
  'base64.urlsafe_b64decode': ([value]) => decoded(value, 'base64'),
  'base64.standard_b64decode': ([value]) => decoded(value, 'base64'),
  'base64.decodebytes': ([value]) => decoded(value, 'base64'),
  'codecs.decode': ([value, encoding]) => {
    const how = textOf(encoding).replaceAll(/[^a-z0-9]/g, '');
    if (how === 'rot13') return rot13(value);
    return decoded(value, how.startsWith('hex') ? 'hex' : 'base64');
  },
  'zlib.decompress': ([value]) => unknown(taintOf(value) | Taint.decoded),
  'gzip.decompress': ([value]) => unknown(taintOf(value) | Taint.decoded),
  'lzma.decompress': ([value]) => unknown(taintOf(value) | Taint.decoded),
  'os.path.join': joinPaths,
  'os.path.expanduser': ([value], machine) => expandHome(value, machine),
  'os.path.abspath': passOn,
  'os.path.realpath': passOn,
  'os.path.normpath': passOn,
  'os.path.expandvars': passOn,
  'os.fspath': passOn,
  'os.path.dirname': ([value]) => text(posix.dirname(textOf(value)), taintOf(value)),
  'os.path.basename': ([value]) => text(posix.basename(textOf(value)), taintOf(value)),
  'os.getcwd': (_args, machine) => text(machine.state.cwd),
  'os.getenv': ([value], machine) => environmentOf(value, machine),
  'os.environ.get': ([value], machine) => environmentOf(value, machine),
  'pathlib.Path': (args) => (args.length === 0 ? text('.') : joinPaths(args)),
  'pathlib.PosixPath': (args) => joinPaths(args),
  'pathlib.PurePath': (args) => joinPaths(args),
  'pathlib.Path.home': (_args, machine) => text(machine.state.home),
  'pathlib.Path.cwd': (_args, machine) => text(machine.state.cwd),
  'tempfile.mkdtemp': () => text('/tmp/tmp-a'),
  'tempfile.gettempdir': () => text('/tmp'),
  'tempfile.mkstemp': () => list([constant('3'), text('/tmp/tmp-a')]),
  'tempfile.TemporaryDirectory': () => text('/tmp/tmp-a'),
  'glob.glob': ([pattern]) => globbed('', textOf(pattern)),
  'glob.iglob': ([pattern]) => globbed('', textOf(pattern)),
  'os.walk': ([root]) => {
    const top = text(textOf(root), taintOf(root));
    const below = text(`${textOf(root)}/${UNKNOWN}`);
    return list([list([top, list([text(UNKNOWN)]), list([text(UNKNOWN)])]), list([below])]);
  },
  'os.listdir': () => list([text(STAR)]),
  'os.scandir': ([root]) => list([text(`${textOf(root)}/${STAR}`)]),
  'shlex.split': ([line]) => splitWords(line),
  'shlex.quote': ([value]) =>
    value?.is === 'text'
      ? text(`'${value.text.replaceAll("'", "'\\''")}'`, value.taint)
      : undefined,
  'shlex.join': ([words]) =>
    words?.is === 'list' ? text(words.items.map(textOf).join(' '), taintOf(words)) : undefined,
  // `__import__('a.b')` is a.
  __import__: ([module]) => {
    const path = exactText(module);
    return path === undefined ? undefined : name(path.split('.', 1)[0] ?? '');
  },
  'importlib.import_module': ([module]) => moduleOf(module),
  getattr: ([object, member], machine) =>
    object !== undefined && exactText(member) !== undefined
      ? machine.member(object, textOf(member))
      : undefined,
  vars: passOn,
  globals: () => name('globals'),
  locals: () => name('globals'),
  // JavaScript
  String: passOn,
  'Array.from': passOn,
  'Promise.resolve': passOn,
  'Object.values': passOn,
  'util.promisify': passOn,
  atob: ([value]) => decoded(value, 'base64'),
  'Buffer.from': ([value, encoding]) => {
    const how = exactText(encoding);
    if (how === 'base64' || how === 'base64url') return decoded(value, 'base64');
    if (how === 'hex') return decoded(value, 'hex');
    if (value?.is === 'list') return codes(value.items);
    return value;
  },
  'String.fromCharCode': (args) => codes(flat(args)),
  'String.fromCodePoint': (args) => codes(flat(args)),
  decodeURIComponent: percentDecoded,
  decodeURI: percentDecoded,
  unescape: percentDecoded,
  'String.raw': (args) => args.reduce(plus, text('')),
  'path.join': joinPathsBelow,
  'path.posix.join': joinPathsBelow,
  'path.resolve': joinPaths,
  'path.normalize': passOn,
  'path.dirname': ([value]) => text(posix.dirname(textOf(value)), taintOf(value)),
  'path.basename': ([value]) => text(posix.basename(textOf(value)), taintOf(value)),
  'os.homedir': (_args, machine) => text(machine.state.home),
  'os.tmpdir': () => text('/tmp'),
  'process.cwd': (_args, machine) => text(machine.state.cwd),
  'Deno.cwd': (_args, machine) => text(machine.state.cwd),
  'Deno.env.get': ([value], machine) => environmentOf(value, machine),
  'fs.mkdtemp': () => text('/tmp/tmp-a'),
  'fs.realpath': passOn,
  'fs.readdir': () => list([text(STAR)]),
  fileURLToPath: passOn,
  'url.fileURLToPath': passOn,
  URL: ([path, base]) => (base === undefined ? path : text(textOf(path), taintOf(path))),
  'glob.sync': ([pattern]) => globbed('', textOf(pattern)),
  'fast-glob.sync': ([pattern]) => globbed('', textOf(pattern)),
  require: ([module]) => moduleOf(module),
  'module.require': ([module]) => moduleOf(module),
  'process.binding': ([module]) => moduleOf(module),
  'process.getBuiltinModule': ([module]) => moduleOf(module),
};

/** `bytes([114, 109])` */
function bytesOf([value]: readonly CodeValue[]): CodeValue | undefined {
  return value?.is === 'list' ? codes(value.items) : value;
}

function joinPathsBelow(values: readonly CodeValue[]): CodeValue {
  const joined = values
    .map(textOf)
    .filter((piece) => piece !== '')
    .join('/');
  const taint = values.reduce((sum, value) => sum | taintOf(value), 0);
  return text(joined.replaceAll(/\/{2,}/g, '/'), taint);
}

function callOne(machine: Machine, mapper: CodeValue, item: CodeValue): CodeValue {
  const args: Arguments = { positional: [item], named: new Map() };
  if (mapper.is === 'function') return machine.invoke(mapper, args);
  return callTextFunction(machine, mapper, args) ?? unknown(taintOf(item));
}

function environmentOf(value: CodeValue | undefined, machine: Machine): CodeValue {
  const variable = exactText(value);
  return variable === undefined ? unknown(Taint.none) : machine.environment(variable);
}

/** A module by its name, wherever the name came from. */
export function moduleOf(value: CodeValue | undefined): CodeValue | undefined {
  const module = exactText(value);
  return module === undefined ? undefined : name(moduleName(module));
}

export function moduleName(module: string): string {
  const plain = module.startsWith('node:') ? module.slice(5) : module;
  return plain.startsWith('@') ? plain : plain.replaceAll('/', '.');
}

function codes(items: readonly CodeValue[]): CodeValue | undefined {
  const numbers = items.map((item) => Number(textOf(item)));
  if (numbers.length > 65_536 || !numbers.every((code) => Number.isInteger(code) && code > 2)) {
    return undefined;
  }
  return text(numbers.map((code) => String.fromCharCode(code)).join(''), Taint.decoded);
}

function percentDecoded([value]: readonly CodeValue[]): CodeValue | undefined {
  const known = exactText(value);
  if (known === undefined) return value;
  try {
    const plain = decodeURIComponent(known);
    return isExact(plain) ? text(plain, taintOf(value)) : undefined;
  } catch {
    return value;
  }
}

function reversedText(value: CodeValue): CodeValue {
  return text(Array.from(textOf(value)).reverse().join(''), taintOf(value));
}

function rot13(value: CodeValue | undefined): CodeValue {
  const rotated = textOf(value).replaceAll(/[a-zA-Z]/g, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
  return text(rotated, taintOf(value) | Taint.decoded);
}

function splitWords(line: CodeValue | undefined): CodeValue | undefined {
  if (line?.is !== 'text' || /["'\\]/.test(line.text)) return undefined;
  return list(
    line.text
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => text(word, line.taint)),
  );
}

const same: TextMethod = (receiver) => receiver;

function onText(change: (value: string) => string): TextMethod {
  return (receiver) =>
    receiver.is === 'text' ? text(change(receiver.text), receiver.taint) : undefined;
}

const METHODS: Readonly<Record<string, TextMethod>> = {
  // Both
  join: (receiver, args) => {
    // `sep.join(list)` in Python, `list.join(sep)` in JavaScript.
    const [separator, items] =
      receiver.is === 'list' ? [args[0] ?? text(','), receiver] : [receiver, args[0]];
    if (items?.is !== 'list') return unknown(taintOf(receiver) | taintOf(items));
    const joined = items.items.map(textOf).join(textOf(separator));
    return joined.length > 65_536 ? undefined : text(joined, taintOf(items) | taintOf(separator));
  },
  replace: replaceText,
  replaceAll: replaceText,
  split: (receiver, [separator]) => {
    if (receiver.is !== 'text') return undefined;
    const by = separator === undefined ? /\s+/ : exactText(separator);
    if (by === undefined) return list([unknown(receiver.taint)]);
    return list(
      receiver.text
        .split(by)
        .slice(0, 4096)
        .map((piece) => text(piece, receiver.taint)),
    );
  },
  concat: (receiver, args) => args.reduce(plus, receiver),
  lower: onText((value) => value.toLowerCase()),
  upper: onText((value) => value.toUpperCase()),
  toLowerCase: onText((value) => value.toLowerCase()),
  toUpperCase: onText((value) => value.toUpperCase()),
  strip: onText((value) => value.trim()),
  lstrip: onText((value) => value.trimStart()),
  rstrip: onText((value) => value.trimEnd()),
  trim: onText((value) => value.trim()),
  // Python
  format: (receiver, args) => {
    let next = 0;
    let taint = taintOf(receiver);
    const filled = textOf(receiver).replaceAll(/\{(\d*)[^{}]*\}/g, (_all, index: string) => {
      const value = args[index === '' ? next++ : Number(index)];
      taint |= taintOf(value);
      return textOf(value);
    });
    return text(filled, taint);
  },
  decode: (receiver, [encoding]) =>
    receiver.is === 'text' && /^(?:hex|base64)$/.test(textOf(encoding))
      ? decoded(receiver, textOf(encoding) === 'hex' ? 'hex' : 'base64')
      : receiver,
  encode: same,
  expanduser: (receiver, _args, machine) => expandHome(receiver, machine),
  resolve: same,
  absolute: same,
  as_posix: same,
  joinpath: (receiver, args) => joinPaths([receiver, ...args]),
  with_suffix: (receiver, [suffix]) => plus(receiver, suffix ?? text('')),
  glob: (receiver, [pattern]) => globbed(textOf(receiver), textOf(pattern)),
  rglob: (receiver, [pattern]) => globbed(`${textOf(receiver)}/*`, textOf(pattern)),
  iterdir: (receiver) => list([text(`${textOf(receiver)}/${STAR}`)]),
  append: (receiver, [item]) => {
    if (receiver.is === 'list' && item !== undefined && receiver.items.length < 4096) {
      receiver.items.push(item);
    }
    return receiver;
  },
  // JavaScript
  toString: same,
  valueOf: same,
  push: (receiver, items) => {
    if (receiver.is === 'list' && receiver.items.length < 4096) receiver.items.push(...items);
    return receiver;
  },
  reverse: (receiver) =>
    receiver.is === 'list' ? list([...receiver.items].reverse()) : reversedText(receiver),
  slice: (receiver, [from, to]) => sliced(receiver, textOf(from), textOf(to)),
  substring: (receiver, [from, to]) => sliced(receiver, textOf(from), textOf(to)),
  map: (receiver, [mapper], machine) =>
    receiver.is === 'list' && mapper !== undefined
      ? list(receiver.items.slice(0, 4096).map((item) => callOne(machine, mapper, item)))
      : undefined,
  filter: same,
};

function replaceText(receiver: CodeValue, args: readonly CodeValue[]): CodeValue | undefined {
  if (receiver.is !== 'text' || args.length < 2) return undefined;
  const from = exactText(args[0]);
  if (from === undefined || from === '') return text(UNKNOWN, receiver.taint);
  const to = textOf(args[1]);
  return text(
    receiver.text.replaceAll(from, () => to),
    receiver.taint | taintOf(args[1]),
  );
}

function sliced(receiver: CodeValue, from: string, to: string): CodeValue | undefined {
  const start = from === UNKNOWN ? 0 : Number(from);
  const end = to === UNKNOWN ? undefined : Number(to);
  if (!Number.isInteger(start) || (end !== undefined && !Number.isInteger(end))) return undefined;
  if (receiver.is === 'list') return list(receiver.items.slice(start, end));
  if (receiver.is !== 'text' || !isExact(receiver.text)) return undefined;
  return text(receiver.text.slice(start, end), receiver.taint);
}
