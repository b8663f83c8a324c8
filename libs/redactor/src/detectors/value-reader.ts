import {
  CLASS_BITS,
  CodeSet,
  inClass,
  isBlank,
  isLineBreak,
  isSpace,
  isWordCode,
} from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { readArgument, readDefault, readNextArgument } from './call-value.ts';
import { readElement, skipTag, skipToElement } from './element-value.ts';
import type { KeyFamily } from './key-names.ts';
import { isMaskBehind, readLinked, readStandingAlone } from './prose-value.ts';
import { isNameCode, isQuote, lineBefore, skipBackslashes, skipBlanks } from './reading.ts';
import { isOpaque, isRandom } from './value-score.ts';
import { readBare, readToken, readUntil, readValue } from './value-site.ts';
import type { ValueSite } from './value-site.ts';
import { namesPhrase, readGroups, readWords } from './word-groups.ts';

/** A resource of Terraform. */
const RANDOM_PASSWORD = 'random_password';
const LONGEST_PADDING = 40;
const OPENING_PAREN = 40;
const DOLLAR = 36;
const APOSTROPHE = 39;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const SLASH = 47;
const COLON = 58;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const QUESTION = 63;
const OPENING_BRACE = 123;
/** The colon and the equals sign of East Asian text. */
const FULLWIDTH: ReadonlyMap<number, 'colon' | 'equals'> = new Map([
  [0xff1a, 'colon'],
  [0xff1d, 'equals'],
] as const);

const AFTER_NAME = new CodeSet('.*=:"\'`\\] ;|)\t<>!?+%&(,\n\r');

/** Whether a name that has a value may end before a unit: a separator, or what closes the name. */
export function mayFollowName(code: number): boolean {
  return AFTER_NAME.has(code) || code >= 128;
}

/** Finds the value that belongs to a name; what it is worth is judged elsewhere. */
export function findValue(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  family: KeyFamily,
): ValueSite | undefined {
  const opener = view.before(nameStart - 1);
  // <password>value</password>; a lone <password> is a placeholder.
  if (opener === LESS || (opener === COLON && isNamespaced(view, nameStart))) {
    const content = skipTag(view, nameEnd);
    if (content >= 0) return readElement(view, content);
  }
  // <key>password</key><string>value</string>
  if (opener === GREATER && view.has('</', nameEnd)) {
    const next = skipToElement(view, nameEnd);
    return next < 0 ? undefined : readElement(view, next);
  }
  if (view.at(nameEnd) === OPENING_PAREN)
    return MAY_STAND_ALONE.has(family) ? readArgument(view, nameStart, nameEnd + 1) : undefined;
  const closed = skipNameClose(view, nameEnd);
  // <property name="db.password">value</property>
  if (closed > nameEnd && view.at(closed) === GREATER) return readElement(view, closed + 1);
  const afterName = skipBlanks(view, closed);
  const separator = readSeparator(view, afterName);
  if (separator !== undefined)
    return isPublicPair(view, nameStart, nameEnd, closed, afterName, separator)
      ? undefined
      : readSeparated(view, nameStart, nameEnd, afterName > closed, separator, family);
  if (nameEnd - nameStart === RANDOM_PASSWORD.length && view.has(RANDOM_PASSWORD, nameStart))
    return readResult(view, closed);
  const pair = findPairedValue(view, closed);
  if (pair >= 0) return readValue(view, skipBlanks(view, pair), 'colon', false, family);
  if (view.at(afterName) === COMMA)
    return readNextArgument(view, nameStart, nameEnd, afterName + 1);
  const fallback = readDefault(view, closed) ?? readPasswordFor(view, afterName);
  const isEmphasised = view.has('**', nameEnd);
  if (fallback !== undefined || (closed > nameEnd && !isEmphasised))
    return fallback ?? readFormField(view, nameStart, closed);
  const linked = readLinked(view, nameStart, closed, family);
  if (linked !== undefined) return isMaskBehind(view, closed) ? undefined : linked;
  if (afterName === closed) return undefined;
  // --password value
  if (opener === DASH || (view.at(nameStart) === DASH && !isWordCode(opener))) {
    const site = readValue(view, afterName, 'flag', false, family);
    // `--password    what it is for` of a help text.
    const isHelp = afterName > closed + 1 && site?.quoted === false && site.inProse === true;
    return isHelp || isMaskBehind(view, closed) ? undefined : site;
  }
  if (!MAY_STAND_ALONE.has(family)) return undefined;
  const alone = readStandingAlone(view, nameStart, afterName, family);
  return alone !== undefined && isMaskBehind(view, closed) ? undefined : alone;
}

/** The value behind a separator. */
function readSeparated(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  isApart: boolean,
  { name, end }: Separator,
  family: KeyFamily,
): ValueSite | undefined {
  const start = skipEmphasis(view, skipContinuation(view, end));
  const words = namesPhrase(view.slice(nameStart, nameEnd)) ? readWords(view, end) : undefined;
  const group = words ?? readGroups(view, start);
  if (group !== undefined) return group;
  if (name === 'colon') {
    const preset = findPreset(view, start);
    if (preset >= 0) return readValue(view, preset, 'colon', false, family);
    const block = skipBlockOpening(view, start);
    if (block >= 0) return readBare(view, block, 'colon', false);
  }
  const site = readValue(view, start, name, start > end && isApart, family);
  // `User#password= resets the token`: the name of a method, in the description of a test.
  const isMethod = name === 'equals' && start > end && !isApart && site?.inProse === true;
  return isMethod && /^[a-z]+$/.test(view.slice(site.start, site.end)) ? undefined : site;
}

/** Whether what looks like a name and its value is none, or names nothing secret. */
function isPublicPair(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  closed: number,
  afterName: number,
  separator: Separator,
): boolean {
  const opener = view.before(nameStart - 1);
  const valueStart = skipEmphasis(view, skipContinuation(view, separator.end));
  const first = view.at(valueStart);
  // `v-model="form.password" :error="…"`, `PASSWORD :'variable'`: the colon belongs to what follows.
  const isTight = afterName > closed && valueStart === separator.end;
  if (separator.name === 'colon' && isTight)
    if (closed > nameEnd ? !isQuote(first) : first === APOSTROPHE) return true;
  // `${PASSWORD:?must be set}` of a shell.
  const isExpansion = opener === OPENING_BRACE && view.before(nameStart - 2) === DOLLAR;
  if (isExpansion && view.at(separator.end) === QUESTION) return true;
  // `"Password:"`: the string ends here.
  if (closed === nameEnd && isQuote(opener) && first === opener) return true;
  if (separator.compares === true && !isQuote(first)) return true;
  // `arn:aws:secretsmanager:…`, and the token in the address of a badge, name nothing secret.
  const mayBePublic =
    opener === COLON ||
    opener === SLASH ||
    opener === QUESTION ||
    (opener === 32 && view.before(nameStart - 2) === 121);
  return mayBePublic && PUBLIC_CONTEXT.test(lineBefore(view, nameStart));
}

/** Whether the name of an element stands behind a namespace: `<wsse:Password Type="…">`. */
function isNamespaced(view: TextView, nameStart: number): boolean {
  let at = nameStart - 2;
  while (nameStart - at < LONGEST_PADDING && isNameCode(view.before(at))) at--;
  return view.before(at) === LESS;
}

/** Units of a parameter of CloudFormation before its default. */
const LONGEST_PARAMETER = 240;

/** Where the default of a parameter begins that is described below its name; -1 where it has none. */
function findPreset(view: TextView, from: number): number {
  if (!isLineBreak(view.at(from))) return -1;
  const start = skipBlanks(view, from + (view.at(from) === 13 ? 2 : 1));
  if (!view.has('Type:', start) && !view.has('NoEcho:', start)) return -1;
  for (let at = start; at - from < LONGEST_PARAMETER && view.at(at) >= 0; at++)
    if (view.at(at) === 68 && isBlank(view.at(at - 1)) && view.has('Default: ', at)) return at + 9;
  return -1;
}

/** The result of a `random_password` in the state of Terraform. */
function readResult(view: TextView, from: number): ValueSite | undefined {
  for (let at = from; at - from < LONGEST_PARAMETER && view.at(at) >= 0; at++) {
    if (view.at(at) !== 34 || !view.has('"result"', at)) continue;
    const colon = skipBlanks(view, at + 8);
    const start = skipBlanks(view, colon + 1);
    return view.at(colon) === COLON && isQuote(view.at(start)) ? readToken(view, start) : undefined;
  }
  return undefined;
}

/** Units of the account in `SET PASSWORD FOR`. */
const LONGEST_ACCOUNT = 80;

/** `SET PASSWORD FOR 'app'@'%' = 'X'` of MySQL. */
function readPasswordFor(view: TextView, from: number): ValueSite | undefined {
  if (!view.has('FOR ', from) && !view.has('for ', from)) return undefined;
  let at = from + 4;
  while (at - from < LONGEST_ACCOUNT && view.at(at) >= 32 && view.at(at) !== EQUALS) at++;
  if (view.at(at) !== EQUALS) return undefined;
  const start = skipBlanks(view, at + 1);
  return view.at(start) === APOSTROPHE ? readToken(view, start) : undefined;
}

/** Families whose value is found without a separator too. */
const MAY_STAND_ALONE: ReadonlySet<KeyFamily> = new Set([
  'password',
  'token',
  'secret',
  'key',
  'named_key',
]);

/** Before a name: what makes it public. */
const PUBLIC_CONTEXT = /(?:^|[^\w])arn:[\w:-]*:$|\.svg\?$|public key $|checksum\/$|AWS::\w+::$/i;

/** Skips what closes a quoted or bracketed name: `"`, `\"`, `']`, a backtick. */
function skipNameClose(view: TextView, from: number): number {
  let at = from;
  const quote = skipBackslashes(view, at);
  if (isQuote(view.at(quote))) at = quote + 1;
  if (view.at(at) === 93) at++;
  // **password** of Markdown.
  if (view.has('**', at)) at += 2;
  return at;
}

/** Blanks, and a line end that a backslash takes away. */
function skipContinuation(view: TextView, from: number): number {
  const at = skipBlanks(view, from);
  return view.has('\\\n', at) ? skipBlanks(view, at + 2) : at;
}

/** `**Password:** value` of Markdown. */
function skipEmphasis(view: TextView, from: number): number {
  const isMark = view.has('**', from) || view.has('__', from);
  return isMark && isBlank(view.at(from + 2)) ? skipBlanks(view, from + 2) : from;
}

/** `|` and `>` of a YAML block (with a number or a sign), or a line of its own for a value that is no word; -1 else. */
function skipBlockOpening(view: TextView, from: number): number {
  let at = from;
  const isBlock = view.at(at) === 124 || view.at(at) === GREATER;
  if (isBlock) {
    at++;
    while (
      at - from < 3 &&
      (view.at(at) === 45 || view.at(at) === 43 || inClass(view.at(at), CLASS_BITS.d))
    )
      at++;
    at = skipBlanks(view, at);
  }
  if (!isLineBreak(view.at(at))) return -1;
  at += view.at(at) === 13 && view.at(at + 1) === 10 ? 2 : 1;
  const start = skipBlanks(view, at);
  if (isBlock) return start > at ? start : -1;
  const { end } = readBare(view, start, 'colon', false);
  const next = view.at(end);
  const value = view.slice(start, end);
  if (start > at) return (next < 0 || isSpace(next)) && isOpaque(value) ? start : -1;
  // Not indented: alone on its line.
  return (next < 0 || isLineBreak(next)) && isRandom(value) ? start : -1;
}

/** A field of a form (RFC 7578): `name="password"`, an empty line, the value on a line of its own. */
function readFormField(view: TextView, nameStart: number, closed: number): ValueSite | undefined {
  if (!isLineBreak(view.at(closed)) || !FORM_FIELD.test(lineBefore(view, nameStart)))
    return undefined;
  let at = closed;
  let lines = 0;
  while (at - closed < 4 && isLineBreak(view.at(at))) if (view.at(at++) === 10) lines++;
  return lines === 2 ? readUntil(view, at, isLineBreak, 'element') : undefined;
}

const FORM_FIELD = /form-data;.*name="$/i;

/** Lines of a block before its default. */
const LONGEST_BLOCK = 160;

/** Where the default of a variable's block stands; the same place where it has none. */
function skipToDefault(view: TextView, from: number): number {
  for (let at = from; at - from < LONGEST_BLOCK && view.at(at) >= 0 && view.at(at) !== 125; at++)
    if (view.at(at) === 100 && isSpace(view.at(at - 1)) && view.has('default', at)) return at;
  return from;
}

/** What stands between a name and its value. */
interface Separator {
  readonly end: number;
  readonly name: 'equals' | 'colon';
  readonly compares?: true;
}

function readSeparator(view: TextView, at: number): Separator | undefined {
  const code = view.at(at);
  const next = view.at(at + 1);
  // `password.........X` of aligned logs.
  if (view.has('....', at)) return { end: skipDots(view, at), name: 'colon' };
  const fullwidth = FULLWIDTH.get(code);
  if (fullwidth !== undefined) return { end: at + 1, name: fullwidth };
  if (code === EQUALS) {
    // `=>` of Ruby and PHP, `==` and `===` of a comparison, `=~` of a match.
    if (next === GREATER) return { end: at + 2, name: 'equals' };
    if (next === EQUALS)
      return { end: view.at(at + 2) === EQUALS ? at + 3 : at + 2, name: 'equals', compares: true };
    return { end: at + 1, name: 'equals' };
  }
  if (code === LESS && next === DASH) return { end: at + 2, name: 'equals' };
  if (code === COLON) {
    if (next === EQUALS || next === COLON)
      return { end: at + 2, name: next === EQUALS ? 'equals' : 'colon' };
    return readTypeAnnotation(view, at) ?? { end: at + 1, name: 'colon' };
  }
  // `!=` of a comparison, `?=` and `+=` of make.
  if ((code === 33 || code === 63 || code === 43) && next === EQUALS) {
    const end = view.at(at + 2) === EQUALS ? at + 3 : at + 2;
    return code === 33 ? { end, name: 'equals', compares: true } : { end, name: 'equals' };
  }
  return undefined;
}

function skipDots(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_PADDING && view.at(at) === DOT) at++;
  return at;
}

const LONGEST_TYPE = 40;
const TYPE_MARKS = new CodeSet("&<>[]?.,|_' ");

/** `password: str = "value"`, `const token: &'static str = "value"`: the value is behind the type. */
function readTypeAnnotation(
  view: TextView,
  colon: number,
): { end: number; name: 'equals' } | undefined {
  const typeStart = skipBlanks(view, colon + 1);
  const first = view.at(typeStart);
  if (!inClass(first, CLASS_BITS.a) && first !== 38) return undefined;
  let at = typeStart;
  while (
    at - typeStart < LONGEST_TYPE &&
    (inClass(view.at(at), CLASS_BITS.a) || TYPE_MARKS.has(view.at(at)))
  )
    at++;
  if (view.at(at) !== EQUALS || view.at(at + 1) === EQUALS || !isBlank(view.at(at - 1)))
    return undefined;
  return isQuote(view.at(skipBlanks(view, at + 1))) ? { end: at + 1, name: 'equals' } : undefined;
}

/** `{"name": "DB_PASSWORD", "value": "x"}`, `key="DB_PASSWORD" value="x"`, and the same in YAML; -1 when there is none. */
function findPairedValue(view: TextView, closed: number): number {
  let at = closed;
  while (
    at - closed < LONGEST_PADDING &&
    (isSpace(view.at(at)) || view.at(at) === 123 || (view.at(at) === COMMA && at - closed < 4))
  )
    at++;
  if (at === closed) return -1;
  // variable "db_password" { … default = "X" }
  if (view.slice(closed, at).includes('{')) at = skipToDefault(view, at);
  if (isQuote(view.at(at))) at++;
  const word = ['value', 'Value', 'default', 'content', 'ParameterValue'].find((each) =>
    view.has(each, at),
  );
  if (word === undefined) return -1;
  at += word.length;
  if (isQuote(view.at(at))) at++;
  at = skipBlanks(view, at);
  return view.at(at) === COLON || view.at(at) === EQUALS ? at + 1 : -1;
}
