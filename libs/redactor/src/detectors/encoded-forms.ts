/** A way in which a registered value may appear in text. */
export interface EncodedForm {
  readonly text: string;
  readonly encoding: 'plain' | 'base64' | 'hex' | 'percent' | 'json' | 'xml' | 'shell';
  /** The first and the last unit of the encoding share bits with what surrounds the value. */
  readonly sharesStart: boolean;
  readonly sharesEnd: boolean;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A line of a value that is long enough to be masked by itself. */
const SHORTEST_LINE = 16;

/** All forms of a value, longest first, without duplicates. */
export function encodedForms(value: string): EncodedForm[] {
  const bytes = new TextEncoder().encode(value);
  const forms = new Map<string, EncodedForm>();
  const add = (
    text: string,
    encoding: EncodedForm['encoding'],
    sharesStart = false,
    sharesEnd = false,
  ): void => {
    if (!forms.has(text)) forms.set(text, { text, encoding, sharesStart, sharesEnd });
  };
  add(value, 'plain');
  // A key is often shown in part: each of its lines counts where it is no text.
  if (/[\r\n]/.test(value)) {
    for (const line of value.split(/[\r\n]+/)) {
      const text = line.trim();
      if (text.length >= SHORTEST_LINE && /^\S*\d\S*$/.test(text)) add(text, 'plain');
    }
  }
  add(value.replaceAll("'", "'\\''"), 'shell');
  add(value.replace(/[^\w@%+=:,./-]/g, '\\$&'), 'shell');
  const json = JSON.stringify(value).slice(1, -1);
  add(json, 'json');
  add(JSON.stringify(json).slice(1, -1), 'json');
  add(json.replaceAll('/', '\\/'), 'json');
  add(
    json.replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
    'json',
  );
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  for (const quote of ['"', '&quot;', '&#34;']) {
    for (const apostrophe of ["'", '&apos;', '&#39;', '&#x27;']) {
      add(xml.replaceAll('"', quote).replaceAll("'", apostrophe), 'xml');
    }
  }
  for (const kept of [/[\w.~-]/, /[\w.!~*'()-]/, /[\w.*-]/]) {
    const percent = percentEncode(bytes, kept);
    add(percent, 'percent');
    add(percent.replaceAll('%20', '+'), 'percent');
    add(
      percent.replace(/%../g, (escape) => escape.toLowerCase()),
      'percent',
    );
  }
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  add(hex, 'hex');
  add(hex.toUpperCase(), 'hex');
  for (const pair of [' $&', ':$&', '\\x$&']) {
    const pairs = hex.replace(/../g, pair).replace(/^[ :]/, '');
    add(pairs, 'hex');
    add(
      pairs.replace(/[a-f]/g, (digit) => digit.toUpperCase()),
      'hex',
    );
  }
  const addBase64 = (content: Uint8Array): void => {
    for (const shift of [0, 1, 2]) {
      const { text, sharesEnd } = base64At(content, shift);
      add(text, 'base64', shift > 0, sharesEnd);
      add(text.replaceAll('+', '-').replaceAll('/', '_'), 'base64', shift > 0, sharesEnd);
    }
  };
  addBase64(bytes);
  // Base64 of base64, where the inner one begins with the value.
  const { text: inner } = base64At(bytes, 0);
  addBase64(new TextEncoder().encode(inner));
  return [...forms.values()].sort((left, right) => right.text.length - left.text.length);
}

/**
 * The units of base64 that a value alone determines when it begins `shift` bytes after a group of three. The units at
 * the seams carry bits of the neighbours too, so that they are left out of the form and masked with it.
 */
export function base64At(bytes: Uint8Array, shift: number): { text: string; sharesEnd: boolean } {
  const firstBit = shift * 8;
  const lastBit = firstBit + bytes.length * 8;
  let text = '';
  for (let bit = Math.ceil(firstBit / 6) * 6; bit + 6 <= lastBit; bit += 6) {
    const index = (bit - firstBit) >> 3;
    const pair = ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
    text += BASE64.charAt((pair >> (10 - ((bit - firstBit) & 7))) & 63);
  }
  return { text, sharesEnd: lastBit % 6 !== 0 };
}

function percentEncode(bytes: Uint8Array, kept: RegExp): string {
  let text = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    text +=
      byte < 128 && kept.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
