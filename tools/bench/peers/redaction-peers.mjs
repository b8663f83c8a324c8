/** What others use to mask secrets; each takes text and gives it back masked. */
import { lintSource } from '@secretlint/core';
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend';

const FIFTEEN = [
  /AKIA[0-9A-Z]{16}/g,
  /gh[pousr]_[A-Za-z0-9]{36}/g,
  /xox[baprs]-[A-Za-z0-9-]{10,}/g,
  /sk_live_[A-Za-z0-9]{16,}/g,
  /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  /password\s*[:=]\s*\S+/gi,
  /bearer\s+[\w.~+/-]+=*/gi,
  /:\/\/[^:\s/]+:[^@\s/]+@/g,
  /AIza[\w-]{35}/g,
  /npm_[A-Za-z0-9]{36}/g,
  /sk-[A-Za-z0-9]{20,}/g,
  /SG\.[\w-]{22}\.[\w-]{43}/g,
  /SK[0-9a-f]{32}/g,
  /(?:api[_-]?key|secret|token)\s*[:=]\s*["']?[\w-]{16,}/gi,
];

/** Fifteen regular expressions as most teams have them. */
export function fifteenExpressions(text) {
  return FIFTEEN.reduce((rest, pattern) => rest.replace(pattern, '[REDACTED]'), text);
}

const config = {
  rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: recommended, rules: [] }],
};
/** Secretlint with its recommended preset. It reports places: the masking here is the cheapest there is. */
export async function secretlint(text) {
  const source = { filePath: 'app.log', content: text, ext: '.log', contentType: 'text' };
  const { messages } = await lintSource({ source, options: { config } });
  let output = '';
  let from = 0;
  for (const { range } of messages.toSorted((left, right) => left.range[0] - right.range[0])) {
    if (range[0] < from) continue;
    output += `${text.slice(from, range[0])}[REDACTED]`;
    from = range[1];
  }
  return output + text.slice(from);
}
