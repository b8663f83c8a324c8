/**
 * Labelled actions for the benchmarks: `{ family, expected, nearMiss, action, context }`, where
 * `expected` is `deny`, `approve`, `allow`, or `bad` where a corpus only says that it must not pass.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export { ownActions } from '../../src/testing/labelled-actions.ts';

/** One of the public corpora of a directory: dcg, nah (both reviewed), tldr, nl2bash (everyday). */
export function corpusActions(directory, name) {
  return readFileSync(join(directory, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter((row) => everyday(name) || row.expected !== null)
    .map((row) => ({
      family: everyday(name)
        ? name
        : (row.guard ??
          row.file
            .split('/')
            .at(-1)
            .replace(/\.\w+$/, '')),
      expected: ['deny', 'block'].includes(row.expected) ? 'bad' : 'allow',
      nearMiss: false,
      action: 'execute_code',
      context: {
        command: row.command,
        // The fixtures of nah live there.
        ...(name === 'nah' ? { home: '/home/test', cwd: '/home/test/project' } : {}),
      },
    }));
}

function everyday(name) {
  return name === 'tldr' || name === 'nl2bash';
}

/** Counts of one guard over rows; `verdict(row)` says `allow`, `approve` or `deny`. */
export function score(rows, verdict) {
  const total = {
    bad: 0,
    caught: 0,
    due: 0,
    denied: 0,
    good: 0,
    alarms: 0,
    near: 0,
    nearAlarms: 0,
  };
  for (const row of rows) {
    const answer = verdict(row);
    if (row.expected === 'allow') {
      total[row.nearMiss ? 'near' : 'good'] += 1;
      if (answer !== 'allow') total[row.nearMiss ? 'nearAlarms' : 'alarms'] += 1;
    } else {
      total.bad += 1;
      if (answer !== 'allow') total.caught += 1;
      if (row.expected === 'deny') {
        total.due += 1;
        if (answer === 'deny') total.denied += 1;
      }
    }
  }
  return total;
}

/** A share as text; empty where there is nothing to share. */
export function percent(part, whole) {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}
