/**
 * A process of its own that has a journal.
 *
 *     node --conditions=@ae/source test/journal-owner.ts <path> hold    # until it is killed
 *     node --conditions=@ae/source test/journal-owner.ts <path> fill    # under a limit on the size of files (prlimit)
 *
 * `fill` appends until the disk is full, has the limit lifted and appends once more; prints what it was told.
 */
import { execFileSync } from 'node:child_process';
import { CommitJournal } from '../src/commit-journal.ts';

const [, , path = '', mode = ''] = process.argv;
const journal = new CommitJournal(path);
const append = (hold_id: string): void => {
  journal.append({ run_id: 'run', hold_id, amount: 1, at: '2026-01-01T00:00:00.000Z' });
};

if (mode === 'hold') {
  process.stdout.write('ready\n');
  setInterval(() => undefined, 1000);
} else {
  let failed: string | undefined;
  for (let count = 0; failed === undefined && count < 1000; count++) {
    try {
      append(`hold-${String(count)}`);
    } catch (error) {
      failed = (error as NodeJS.ErrnoException).code;
    }
  }
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
  append('after');
  const kept = journal.pending.map(({ hold_id }) => hold_id);
  process.stdout.write(JSON.stringify({ failed, kept }));
}
