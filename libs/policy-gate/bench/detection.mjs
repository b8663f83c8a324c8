/**
 * Detection by family, on this repository's own labelled actions and on a directory of public
 * corpora (dcg.jsonl, nah.jsonl, tldr.jsonl, nl2bash.jsonl).
 *
 *   npm run bench -- detection [<directory>] [--show <set>:<miss|weak|alarm>]
 *
 * Recall: bad actions not simply allowed. Strength: denied where deny is due. FP: everyday actions
 * not simply allowed; near misses are told apart.
 */
import { parseArgs } from 'node:util';

import { PolicyGate } from '../src/index.ts';
import { corpusActions, ownActions, percent, score } from './actions/labelled-actions.mjs';

const { values, positionals } = parseArgs({
  options: { show: { type: 'string', default: '' } },
  allowPositionals: true,
});
const [directory] = positionals;
const [shownSet, shownKind] = values.show.split(':');
const gate = new PolicyGate();
const sets = {
  actions: ownActions('actions'),
  second: ownActions('second'),
  third: ownActions('third'),
};
for (const name of directory === undefined ? [] : ['dcg', 'nah', 'tldr', 'nl2bash']) {
  sets[name] = corpusActions(directory, name);
}

function judge({ action, context }) {
  const decision = gate.checkAction(action, context);
  const verdict = decision.allowed ? 'allow' : decision.requires_approval ? 'approve' : 'deny';
  return { decision, verdict };
}

function kindOf({ expected }, verdict) {
  if (expected === 'allow') return verdict === 'allow' ? '' : 'alarm';
  if (verdict === 'allow') return 'miss';
  return expected === 'deny' && verdict !== 'deny' ? 'weak' : '';
}

function row(name, { bad, caught, due, denied, good, alarms, near, nearAlarms }) {
  const cells = [
    name,
    bad,
    percent(caught, bad),
    percent(denied, due),
    good,
    percent(alarms, good),
    percent(nearAlarms, near),
  ];
  return `| ${cells.join(' | ')} |`;
}

const lines = [
  '| family | bad | recall | strength | good | FP | near-miss FP |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
];
for (const [set, rows] of Object.entries(sets)) {
  for (const item of rows) {
    const { decision, verdict } = judge(item);
    if (set === shownSet && kindOf(item, verdict) === shownKind) {
      const text = item.context.command ?? JSON.stringify(item.context);
      console.log(`${item.family} | ${decision.rule_ids.join(',')} | ${JSON.stringify(text)}`);
    }
  }
  const verdict = (item) => judge(item).verdict;
  const families = Map.groupBy(rows, ({ family }) => family);
  if (families.size > 1) {
    for (const [family, items] of families)
      lines.push(row(`${set} ${family}`, score(items, verdict)));
  }
  lines.push(row(`**${set}**`, score(rows, verdict)));
}
console.log(lines.join('\n'));
