import { CLASS_BITS, CodeSet, inClass, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { isQuote } from './reading.ts';

const HASH = 35;
const AMPERSAND = 38;
const OPENING_PAREN = 40;
const LESS = 60;

/** What stands between a separator and a literal: markup, parentheses, prefixes, calls that change nothing about it. */
export function skipOpening(view: TextView, from: number): number {
  return skipQuoteEntity(view, skipLiteralPrefix(view, skipMarkup(view, skipParen(view, from))));
}

export function skipSpaces(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_DUMP && isSpace(view.at(at))) at++;
  return at;
}

/** A parenthesis around literals on lines of their own. */
function skipParen(view: TextView, from: number): number {
  if (view.at(from) !== OPENING_PAREN || !isLineBreak(view.at(from + 1))) return from;
  const at = skipSpaces(view, from + 1);
  return isQuote(view.at(at)) ? at : from;
}

/** `<b>`, `<code>` and the like before a value in a mail. */
function skipMarkup(view: TextView, from: number): number {
  if (view.at(from) !== LESS) return from;
  const tag = ['<b>', '<strong>', '<code>', '<em>', '<kbd>', '<tt>'].find((each) =>
    view.has(each, from),
  );
  return from + (tag?.length ?? 0);
}

/** What stands before the quote of a string literal: `b''`, `r""`, `f""`, `@""`, `$""`, `r#""`, `string(12) ""`. */
function skipLiteralPrefix(view: TextView, from: number): number {
  if (isQuote(view.at(from))) return from;
  let at = skipSpaces(view, from);
  if (view.has('string(', at)) {
    at += 7;
    while (at - from < LONGEST_DUMP && inClass(view.at(at), CLASS_BITS.d)) at++;
    return view.has(') "', at) ? at + 2 : from;
  }
  const wrapper = WRAPPERS.find((each) => view.has(each, from));
  if (wrapper !== undefined && isQuote(view.at(from + wrapper.length)))
    return from + wrapper.length;
  at = from;
  while (at - from < 2 && LITERAL_PREFIXES.has(view.at(at))) at++;
  if (view.at(at) === HASH && at > from) at++;
  return isQuote(view.at(at)) ? at : from;
}

const LITERAL_PREFIXES = new CodeSet('bBrRfFuUnNxX@$');
/** Calls around a literal that change nothing about it, or decode what can be decoded by anyone. */
const WRAPPERS = [
  'bytes.fromhex(',
  'Buffer.from(',
  'atob(',
  'b64decode(',
  'base64.b64decode(',
  'base64_decode(',
  'Base64.decode64(',
  'Convert.FromBase64String(',
  '[Convert]::FromBase64String(',
  'hex.DecodeString(',
  'binascii.unhexlify(',
  'Some(',
  'Ok(',
  'Just(',
  'String::from(',
  'SecretString::new(',
  'Secret(',
  'SecretStr(',
];
/** Units of indentation and type in a dump of PHP. */
const LONGEST_DUMP = 48;

/** A quote written for markup. */
function skipQuoteEntity(view: TextView, from: number): number {
  if (view.at(from) !== AMPERSAND) return from;
  const entity = ['&quot;', '&#34;', '&apos;', '&#39;'].find((each) => view.has(each, from));
  return from + (entity?.length ?? 0);
}
