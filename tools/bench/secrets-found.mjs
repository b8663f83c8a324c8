/**
 * What @ae/redactor finds and what it masks for nothing, beside others, in one run.
 *
 *   npm run bench -- secrets-found --secrets FILE --clean FILE [--text FOLDER] [--megabytes 60] [--show]
 *
 * `--secrets`: JSON, `[{ id, group, text, secrets: [...] }]`; a case counts as found when less than half of each of
 * its secrets is left in one piece. `--clean`: `[{ id, group, text }]`, texts that must stay as they are. `--text`:
 * public text, of which each finding is counted. Sets are not part of the repository: one that its rules were written
 * with says nothing about them. `--show` prints what was missed and what was masked.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { Redactor } from '@ae/redactor';

import { fifteenExpressions, secretlint } from './peers/redaction-peers.mjs';

const { values } = parseArgs({
  options: {
    secrets: { type: 'string' },
    clean: { type: 'string' },
    text: { type: 'string' },
    megabytes: { type: 'string', default: '60' },
    show: { type: 'boolean', default: false },
  },
});
const MEGABYTE = 1_000_000;
/** Units of a secret that are compared: keys are long. */
const COMPARED = 400;

const redactor = new Redactor();
const TOOLS = {
  '@ae/redactor': (text) => redactor.redact(text),
  'fifteen expressions': fifteenExpressions,
  'secretlint 13, recommended': secretlint,
};

/** Units of the longest piece of one text that stands in another. */
function longestCommon(left, right) {
  let best = 0;
  const lengths = new Uint32Array(right.length + 1);
  for (const unit of left) {
    let diagonal = 0;
    for (let index = 1; index <= right.length; index++) {
      const above = lengths[index];
      lengths[index] = right[index - 1] === unit ? diagonal + 1 : 0;
      if (lengths[index] > best) best = lengths[index];
      diagonal = above;
    }
  }
  return best;
}

function isHidden(secret, output) {
  const compared = secret.slice(0, COMPARED);
  return longestCommon(compared, output) * 2 < compared.length;
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`;

async function countFound(cases, redact, groups) {
  let found = 0;
  for (const { id, group, text, secrets } of cases) {
    const output = await redact(text);
    const isFound = secrets.every((secret) => isHidden(secret, output));
    if (isFound) found++;
    else if (groups !== undefined && values.show) console.log('missed', id, JSON.stringify(output));
    if (groups === undefined) continue;
    groups[group] ??= { cases: 0, found: 0 };
    groups[group].cases++;
    if (isFound) groups[group].found++;
  }
  return found;
}

async function countMasked(cases, redact, isOwn) {
  let masked = 0;
  for (const { id, text } of cases) {
    const output = await redact(text);
    if (output === text) continue;
    masked++;
    if (isOwn && values.show) console.log('masked', id, JSON.stringify(output));
  }
  return masked;
}

if (values.secrets !== undefined && values.clean !== undefined) {
  const secrets = JSON.parse(readFileSync(values.secrets, 'utf8'));
  const clean = JSON.parse(readFileSync(values.clean, 'utf8'));
  const rows = {};
  const groups = {};
  for (const [name, redact] of Object.entries(TOOLS)) {
    const isOwn = name === '@ae/redactor';
    const found = await countFound(secrets, redact, isOwn ? groups : undefined);
    const masked = await countMasked(clean, redact, isOwn);
    rows[name] = {
      recall: percent(found, secrets.length),
      'false positives': percent(masked, clean.length),
    };
  }
  console.log(`\n${secrets.length} texts with secrets, ${clean.length} clean texts`);
  console.table(rows);
  console.table(groups);
}

const EXTENSIONS = new Set(
  '.js .ts .mjs .cjs .json .md .yml .yaml .txt .html .css .sh .go .py .rst .c .h .rs .java .log .lock .toml'.split(
    ' ',
  ),
);

/** Texts under a folder, up to so many bytes. */
function* textsUnder(folder, budget) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* textsUnder(path, budget);
    else if (
      entry.isFile() &&
      EXTENSIONS.has(extname(path)) &&
      statSync(path).size < 3 * MEGABYTE
    ) {
      if (budget.bytes <= 0) return;
      const text = readFileSync(path, 'utf8');
      budget.bytes -= text.length;
      yield { path, text };
    }
  }
}

if (values.text !== undefined) {
  const limit = Number(values.megabytes) * MEGABYTE;
  const budget = { bytes: limit };
  let count = 0;
  for (const { path, text } of textsUnder(values.text, budget)) {
    const { findings } = redactor.redactWithFindings(text);
    count += findings.length;
    if (!values.show) continue;
    for (const { rule, start, end } of findings)
      console.log(
        rule,
        path,
        JSON.stringify(text.slice(Math.max(0, start - 40), end).slice(0, 120)),
      );
  }
  const megabytes = (limit - budget.bytes) / MEGABYTE;
  console.log(
    `\n${count} findings in ${megabytes.toFixed(1)} MB of ${values.text}: ${(count / megabytes).toFixed(2)} per MB`,
  );
}
