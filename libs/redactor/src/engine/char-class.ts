/**
 * Character classes of token bodies, by the letter that names them in a shape (see rules/shape.ts).
 * One bit each, so that a test is one table look-up.
 */
export const CLASS_BITS = {
  /** 0-9 */
  d: 1,
  /** hexadecimal, either case */
  h: 2,
  /** a-z 0-9 */
  l: 4,
  /** A-Z 0-9 */
  u: 8,
  /** letters and digits */
  a: 16,
  /** letters, digits, _ */
  w: 32,
  /** base64url: letters, digits, _ - */
  s: 64,
  /** base64: letters, digits, + / = */
  b: 128,
  /** letters, digits, _ - . */
  t: 256,
  /** base32: A-Z 2-7 */
  r: 512,
  /** unreserved of RFC 3986: letters, digits, _ - . ~ */
  n: 1024,
  /** base64 and base64url together */
  m: 2048,
  /** URL-safe with percent escapes: letters, digits, _ - . ~ % + / = */
  p: 4096,
} as const;

export type ClassLetter = keyof typeof CLASS_BITS;

const MEMBERS: Record<ClassLetter, RegExp> = {
  d: /[0-9]/,
  h: /[0-9a-fA-F]/,
  l: /[a-z0-9]/,
  u: /[A-Z0-9]/,
  a: /[A-Za-z0-9]/,
  w: /\w/,
  s: /[\w-]/,
  b: /[A-Za-z0-9+/=]/,
  t: /[\w.-]/,
  r: /[A-Z2-7]/,
  n: /[\w.~-]/,
  m: /[\w+/=-]/,
  p: /[\w.~%+/=-]/,
};

const TABLE = new Uint16Array(128);
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  for (const letter of Object.keys(MEMBERS) as ClassLetter[]) {
    if (MEMBERS[letter].test(char)) TABLE[code] = (TABLE[code] ?? 0) | CLASS_BITS[letter];
  }
}

/** Whether a code unit belongs to the classes in `bits`; -1 (no character) belongs to none. */
export function inClass(code: number, bits: number): boolean {
  return code >= 0 && code < 128 && ((TABLE[code] as number) & bits) !== 0;
}

/** Letters, digits and underscore. */
export function isWordCode(code: number): boolean {
  return inClass(code, CLASS_BITS.w);
}

/** A space, a tab, a space that keeps words together, the wide one of East Asian text. */
export function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 0xa0 || code === 0x3000;
}

export function isLineBreak(code: number): boolean {
  return code === 10 || code === 13;
}

export function isSpace(code: number): boolean {
  return isBlank(code) || isLineBreak(code);
}

/** A few ASCII code units, with a test that is one table look-up. */
export class CodeSet {
  private readonly table = new Uint8Array(128);

  constructor(marks: string) {
    for (let index = 0; index < marks.length; index++) this.table[marks.charCodeAt(index)] = 1;
  }

  has(code: number): boolean {
    return code >= 0 && code < 128 && this.table[code] === 1;
  }
}
