/**
 * Detection on a directory of corpora (dcg.jsonl, nah.jsonl, tldr.jsonl, nl2bash.jsonl; each line a
 * JSON object with `command` and, where it was reviewed, `expected`).
 *
 *   node bench/detection.mjs <directory> [--show <corpus>:<miss|alarm>]
 *
 * Recall = reviewed as bad and not simply allowed; FP = reviewed as good (or everyday) and not
 * simply allowed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PolicyGate } from '../src/index.ts';

const [directory, , show = ''] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: node bench/detection.mjs <directory> [--show dcg:miss]');
  process.exit(2);
}
const gate = new PolicyGate();
const BAD = new Set(['deny', 'block']);
const [showCorpus, showKind] = show.split(':');

function read(name) {
  return readFileSync(join(directory, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const rows = [];
for (const corpus of ['dcg', 'nah', 'tldr', 'nl2bash']) {
  const groups = new Map();
  const rules = new Map();
  for (const row of read(corpus)) {
    const everyday = corpus === 'tldr' || corpus === 'nl2bash';
    if (!everyday && row.expected === null) continue;
    const bad = BAD.has(row.expected);
    // nah's fixtures live in /home/test.
    const context =
      corpus === 'nah'
        ? { command: row.command, home: '/home/test', cwd: '/home/test/project' }
        : { command: row.command };
    const decision = gate.checkAction('execute_code', context);
    const family =
      corpus === 'nah'
        ? (row.guard ?? row.file.replace('.jsonl', ''))
        : everyday
          ? 'all'
          : row.file.split('/').at(-1).replace('.toml', '');
    const group = groups.get(family) ?? { bad: 0, caught: 0, denied: 0, good: 0, alarms: 0 };
    groups.set(family, group);
    if (bad) {
      group.bad += 1;
      if (!decision.allowed) group.caught += 1;
      if (!decision.allowed && !decision.requires_approval) group.denied += 1;
    } else {
      group.good += 1;
      if (!decision.allowed) {
        group.alarms += 1;
        for (const id of decision.rule_ids) rules.set(id, (rules.get(id) ?? 0) + 1);
      }
    }
    const kind = bad && decision.allowed ? 'miss' : !bad && !decision.allowed ? 'alarm' : '';
    if (showCorpus === corpus && showKind === kind) {
      console.log(
        `${family} | ${decision.rule_ids.join(',')} | ${JSON.stringify(row.command).slice(0, 200)}`,
      );
    }
  }
  const total = { bad: 0, caught: 0, denied: 0, good: 0, alarms: 0 };
  for (const [family, group] of groups) {
    for (const key of Object.keys(total)) total[key] += group[key];
    if (groups.size > 1) rows.push([`${corpus} ${family}`, group]);
  }
  rows.push([`${corpus} TOTAL`, total]);
  if (rules.size > 0) {
    const top = [...rules].sort((a, b) => b[1] - a[1]).slice(0, 12);
    console.log(
      `${corpus} alarms by rule: ${top.map(([id, count]) => `${id} ${count}`).join(', ')}`,
    );
  }
}
const percent = (part, whole) => (whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`);
console.log(
  '\n| family | bad | caught | recall | denied | good | alarms | FP |\n|---|---|---|---|---|---|---|---|',
);
for (const [name, group] of rows) {
  console.log(
    `| ${name} | ${group.bad} | ${group.caught} | ${percent(group.caught, group.bad)} | ${group.denied} | ${group.good} | ${group.alarms} | ${percent(group.alarms, group.good)} |`,
  );
}
