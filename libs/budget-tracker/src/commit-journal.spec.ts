import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { coded } from '../test/coded.ts';
import { BudgetTracker } from './budget-tracker.ts';
import type { JournalReplay } from './budget-tracker.ts';
import { CommitJournal } from './commit-journal.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';
import { redisOptions } from './redis-options.ts';

/** The command line of a process that has a journal. */
const OWNER = [
  '--conditions=@ae/source',
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(new URL('../test/journal-owner.ts', import.meta.url)),
];
const at = '2026-01-01T00:00:00.000Z';
const commit = (hold: string, amount = 1) => ({ run_id: 'run', hold_id: hold, amount, at });

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ae-journal-'));
  path = join(directory, 'commits.jsonl');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('CommitJournal', () => {
  it('keeps commits over a restart, for its owner only', () => {
    const journal = new CommitJournal(path);
    journal.append(commit('a', 0.5));
    journal.append(commit('b'));
    journal.settle(commit('a'));
    journal.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const next = new CommitJournal(path);
    expect(next.pending).toEqual([commit('b')]);
    next.settle(commit('b'));
    next.close();
    expect(statSync(path).size).toBe(0);
  });

  it('drops a last line that was cut off, and goes on behind it', () => {
    const journal = new CommitJournal(path);
    journal.append(commit('a'));
    journal.close();
    const whole = readFileSync(path, 'utf8');
    for (let cut = 0; cut < whole.length; cut++) {
      writeFileSync(path, whole + whole.slice(0, cut).replace('"a"', '"b"'));
      const next = new CommitJournal(path);
      next.append(commit('c'));
      next.close();
      const last = new CommitJournal(path);
      expect(last.pending).toEqual([commit('a'), commit('c')]);
      last.close();
    }
  });

  it('names a line that is none of its own', () => {
    for (const line of ['x', '{}', JSON.stringify({ ...commit('a'), amount: -1 })]) {
      writeFileSync(path, `${JSON.stringify(commit('a'))}\n${line}\n`);
      expect(() => new CommitJournal(path)).toThrow(coded('corrupt_value', { key: `${path}:2` }));
    }
    writeFileSync(path, `${JSON.stringify(commit('a'))}\n`);
    const journal = new CommitJournal(path);
    expect(journal.pending).toEqual([commit('a')]);
    journal.close();
  });

  it('makes the folder it lies in', () => {
    const journal = new CommitJournal(join(directory, 'new', 'commits.jsonl'));
    journal.append(commit('a'));
    journal.close();
  });

  it('has one owner, in this process or another', async () => {
    const journal = new CommitJournal(path);
    expect(() => new CommitJournal(path)).toThrow(coded('journal_locked', { path }));
    journal.close();
    journal.close();
    const owner = spawn(process.execPath, [...OWNER, path, 'hold']);
    await once(owner.stdout, 'data');
    expect(() => new CommitJournal(path)).toThrow(coded('journal_locked'));
    // Its death frees the journal, whoever has its process id afterwards.
    const ended = once(owner, 'exit');
    owner.kill('SIGKILL');
    await ended;
    new CommitJournal(path).close();
  });

  it('takes nothing once it is closed', () => {
    const journal = new CommitJournal(path);
    journal.append(commit('a'));
    journal.close();
    // The number of the closed file is now another file's.
    const other = openSync(join(directory, 'other'), 'a');
    expect(() => journal.append(commit('b'))).toThrow('is closed');
    closeSync(other);
    expect(readFileSync(join(directory, 'other'), 'utf8')).toBe('');
  });

  it('regression: a full disk leaves no torn line for the next one to end', () => {
    const output = execFileSync(
      'prlimit',
      ['--fsize=1000:unlimited', process.execPath, ...OWNER, path, 'fill'],
      { encoding: 'utf8' },
    );
    const { failed, kept } = JSON.parse(output) as { failed: string; kept: string[] };
    expect(failed).toBe('EFBIG');
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.at(-1)).toBe('after');
    const journal = new CommitJournal(path);
    expect(journal.pending.map(({ hold_id }) => hold_id)).toEqual(kept);
    journal.close();
  });

  it('is what was appended and not settled, whatever the order', () => {
    const hold = fc.constantFrom('a', 'b', 'c', 'd\n"e');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), hold), { maxLength: 20 }), (steps) => {
        const file = join(directory, `${String(Math.random())}.jsonl`);
        const expected = new Set<string>();
        let journal = new CommitJournal(file);
        for (const [settles, id] of steps) {
          if (settles) {
            journal.settle(commit(id));
            expected.delete(id);
          } else if (journal.find('run', id) === undefined) {
            journal.append(commit(id));
            expected.add(id);
          }
        }
        journal.close();
        journal = new CommitJournal(file);
        expect(journal.pending.map(({ hold_id }) => hold_id)).toEqual([...expected]);
        journal.close();
      }),
      { numRuns: 50 },
    );
  });
});

describe('a tracker with a journal, while Redis is away', () => {
  let server: RedisServer;
  let redis: Redis;
  let replays: JournalReplay[];

  function open(): BudgetTracker {
    redis = new Redis(server.url, { ...redisOptions, retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    replays = [];
    return new BudgetTracker(new RedisBudgetStore(redis), {
      journal: new CommitJournal(path),
      onReplay: (replay) => replays.push(replay),
    });
  }
  async function whenUp(tracker: BudgetTracker): Promise<void> {
    await server.restart();
    for (;;) {
      const up = await tracker.ping().then(
        () => true,
        () => false,
      );
      if (up) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  beforeEach(async () => {
    server = await startRedis({ appendFsync: 'always' });
  });
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('records every commit once it is back, also after a restart of its own', async () => {
    let tracker = open();
    await tracker.create('run', 10);
    for (const hold of ['a', 'b', 'c']) await tracker.reserve('run', hold, 2);
    await server.kill();
    for (const [hold, amount] of [
      ['a', 1.5],
      ['b', 2.25],
    ] as const) {
      await expect(tracker.commit('run', hold, amount)).rejects.toThrow(
        coded('store_unavailable', { journaled: true }),
      );
    }
    // The same again changes nothing; another amount is the conflict that the store would see.
    await expect(tracker.commit('run', 'a', 1.5)).rejects.toThrow(
      coded('store_unavailable', { journaled: true }),
    );
    await expect(tracker.commit('run', 'a', 9)).rejects.toThrow(
      coded('hold_conflict', { charged: 1.5 }),
    );
    await expect(tracker.spend('run', 1)).rejects.toThrow(
      coded('store_unavailable', { journaled: false }),
    );
    expect(await tracker.replayJournal()).toEqual({ recorded: [], refused: [], waiting: 2 });
    await tracker.close();
    redis.disconnect();

    await server.restart();
    tracker = open();
    // By itself, at once.
    while (replays.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(replays).toMatchObject([
      { recorded: [{ hold_id: expect.any(String) as string }, {}], refused: [], waiting: 0 },
    ]);
    expect(await tracker.status('run')).toMatchObject({ spent: 3.75, held: 2 });
    expect(await tracker.commit('run', 'a', 1.5)).toMatchObject({ replayed: true });
    expect(statSync(path).size).toBe(0);
    await tracker.close();
  });

  it('keeps what the store refuses for someone to look at', async () => {
    const tracker = open();
    await tracker.create('run', 10);
    await tracker.create('other', 10);
    await tracker.reserve('run', 'a', 2);
    await tracker.commit('run', 'b', 1);
    await redis.set('spent:{other}', 'not a number');
    await server.kill();
    await expect(tracker.commit('run', 'b', 3)).rejects.toThrow(coded('store_unavailable'));
    await expect(tracker.commit('gone', 'x', 3)).rejects.toThrow(coded('store_unavailable'));
    await expect(tracker.commit('other', 'y', 3)).rejects.toThrow(coded('store_unavailable'));
    mkdirSync(`${path}.refused`);
    await whenUp(tracker);
    // Where they cannot be kept they go on waiting.
    expect(await tracker.replayJournal()).toEqual({ recorded: [], refused: [], waiting: 3 });
    rmdirSync(`${path}.refused`);
    const replay = await tracker.replayJournal();
    expect(replay).toMatchObject({ recorded: [], waiting: 1 });
    expect(replay.refused.map(({ reason }) => reason.code)).toEqual([
      'hold_conflict',
      'budget_not_found',
    ]);
    expect(readFileSync(`${path}.refused`, 'utf8').trim().split('\n')).toHaveLength(2);
    // What was corrupt is repaired, and its commit has waited.
    await redis.set('spent:{other}', '0.0');
    expect(await tracker.replayJournal()).toMatchObject({ recorded: [{}], waiting: 0 });
    expect(await tracker.status('other')).toMatchObject({ spent: 3 });
    await tracker.close();
  });
});
