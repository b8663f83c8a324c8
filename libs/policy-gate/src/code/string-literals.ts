import { isExact } from '../shell/value.ts';

const PLAIN: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '\n': '',
};

const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g;

/** Decodes the escapes that Python and JavaScript share (their differences name no command). */
export function unescapeLiteral(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(
    ESCAPE,
    (
      _all,
      hex?: string,
      braced?: string,
      unicode?: string,
      long?: string,
      octal?: string,
      other?: string,
    ) => {
      const digits = hex ?? braced ?? unicode ?? long;
      if (digits !== undefined) return codePoint(Number.parseInt(digits, 16));
      if (octal !== undefined) return codePoint(Number.parseInt(octal, 8));
      return PLAIN[other ?? ''] ?? other ?? '';
    },
  );
}

function codePoint(code: number): string {
  return code > 2 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

/** The text of a Python string literal without replacements: prefix, quotes and escapes undone. */
export function pythonString(source: string): string {
  const match = /^([a-zA-Z]*)("""|'''|"|')([\s\S]*)$/.exec(source);
  if (match === null) return source;
  const [, prefix = '', quote = '', rest = ''] = match;
  const body = rest.endsWith(quote) ? rest.slice(0, -quote.length) : rest;
  return /[rR]/.test(prefix) ? body : unescapeLiteral(body);
}

export function javascriptString(source: string): string {
  const quote = source.charAt(0);
  const body = source.endsWith(quote) && source.length > 1 ? source.slice(1, -1) : source.slice(1);
  return unescapeLiteral(body);
}

/** Decoded bytes as text, where they are one that the analysis can carry. */
export function decodeBytes(bytes: Buffer): string | undefined {
  const decoded = bytes.toString('utf8');
  return isExact(decoded) ? decoded : undefined;
}
