import type { Redactor } from '../redactor.ts';
import { TOKEN_RULES } from '../rules/token-rules.ts';
import { TOKEN_CHECKS } from '../rules/token-check.ts';

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const ALPHABETS: Record<string, string> = {
  d: '0123456789',
  h: '0123456789abcdef',
  l: 'abcdefghijklmnopqrstuvwxyz0123456789',
  u: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  r: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
};

/** A reproducible source of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Fills the runs of a shape at random, each with its smallest count, so that no token stands in the source. */
export function fillShape(shape: string, random: () => number): string {
  return shape
    .replaceAll('|', '')
    .replaceAll('\u00a6', '|')
    .replace(/<(\w):(\d+)(?:-\d+|\+)?>/g, (_, letter: string, count: string) => {
      const alphabet = ALPHABETS[letter] ?? ALPHANUMERIC;
      let text = '';
      while (text.length < Number(count))
        text += alphabet.charAt(Math.floor(random() * alphabet.length));
      return text;
    });
}

/** A token of a rule that satisfies its check. */
export function sampleToken(ruleName: string, seed = 1, shapeIndex = 0): string {
  const rule = TOKEN_RULES.find(({ rule: name }) => name === ruleName);
  const shape = rule?.shapes[shapeIndex];
  if (rule === undefined || shape === undefined)
    throw new Error(`no shape ${String(shapeIndex)} in ${ruleName}`);
  const random = seededRandom(seed);
  for (;;) {
    const visible = fillShape(
      shape.includes('|') ? shape.slice(0, shape.indexOf('|')) : '',
      random,
    );
    const secret = fillShape(shape.slice(shape.indexOf('|') + 1), random);
    if (rule.check === undefined || TOKEN_CHECKS[rule.check](secret)) return visible + secret;
  }
}

/** A private key in armour, of random base64. */
export function samplePrivateKey(label: string, lines: number, lineEnd = '\n', seed = 1): string {
  const random = seededRandom(seed);
  const body = Array.from({ length: lines }, () => fillShape('<a:64>', random));
  return [
    `-----BEGIN ${label}-----`,
    ...body,
    fillShape('<a:22>==', random),
    `-----END ${label}-----`,
  ].join(lineEnd);
}

/** The text by its findings: what the output must be if nothing outside the findings was changed. */
export function spliceFindings(redactor: Redactor, text: string): string {
  let output = '';
  let from = 0;
  for (const { start, end, kind } of redactor.redactWithFindings(text).findings) {
    output += `${text.slice(from, start)}[REDACTED:${kind}]`;
    from = end;
  }
  return output + text.slice(from);
}
