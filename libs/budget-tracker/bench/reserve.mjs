/**
 * How fast a reserve is, beside redis-benchmark running the same script on the same server.
 *
 *     node --conditions=@ae/source libs/budget-tracker/bench/reserve.mjs [operations] [pairs]
 *
 * Wants redis-server and redis-benchmark on PATH. Each figure of Redis is the median of the pairs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BudgetTracker, RedisBudgetStore, redisOptions, SqliteBudgetStore } from '../src/index.ts';
import { Redis } from 'ioredis';
import { budgetKeys } from '../src/budget-keys.ts';
import { loadScript } from '../src/lua-script.ts';

const operations = Number(process.argv[2] ?? 20_000);
const pairs = Number(process.argv[3] ?? 7);
/** What is measured is speed: a busy machine must not end the run. */
const patient = { ...redisOptions, commandTimeout: 30_000, socketTimeout: 30_000 };
const directory = mkdtempSync(join(tmpdir(), 'ae-budget-bench-'));

try {
  await sqlite('NORMAL');
  await sqlite('FULL');
  await redis();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function sqlite(synchronous) {
  const path = join(directory, `${synchronous}.sqlite`);
  const tracker = new BudgetTracker(new SqliteBudgetStore({ path, synchronous }));
  await tracker.create('run', 1e9);
  const count = synchronous === 'FULL' ? Math.ceil(operations / 20) : operations;
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; i < count / 2; i += 1) {
    await tracker.reserve('run', `hold-${i}`, 0.01);
    await tracker.commit('run', `hold-${i}`, 0.008);
  }
  const { user, system } = process.cpuUsage(cpu);
  report(`SQLite ${synchronous}, reserve and commit`, rate(count, start));
  report('  the same by CPU time of the process', (count / (user + system)) * 1e6);
  await tracker.close();
}

async function redis() {
  const port = await freePort();
  const server = spawn(
    'redis-server',
    [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'yes',
      '--dir',
      directory,
    ].map(String),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.stdout.on('data', (text) => text.includes('Ready to accept') && resolve());
  });
  try {
    await redisAt(port);
  } finally {
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await exited;
  }
}

async function redisAt(port) {
  const client = new Redis(port, '127.0.0.1', patient);
  const script = loadScript('reserve-6');
  await new Promise((resolve) => client.once('ready', resolve));
  await client.script('LOAD', script.source);

  const ours = async (callers, count = operations) => {
    const tracker = new BudgetTracker(new RedisBudgetStore(client, { commandTimeoutMs: 30_000 }));
    await fresh(tracker);
    return calledBy(callers, count, (n) => tracker.reserve('run', `hold-${n}`, 0.01));
  };
  const fresh = async (tracker) => {
    await tracker.delete('run').catch(() => undefined);
    await tracker.create('run', 1e9);
  };
  const benchmark = async (clients, pipeline) => {
    await fresh(new BudgetTracker(new RedisBudgetStore(client, { commandTimeoutMs: 30_000 })));
    const options = { p: port, c: clients, P: pipeline, n: operations, r: 1_000_000_000 };
    const flags = Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]);
    const command = [
      'evalsha',
      script.sha1,
      '6',
      ...budgetKeys('run'),
      'h__rand_int__',
      '10000',
      '600000',
      '',
    ];
    const csv = execFileSync('redis-benchmark', [...flags, '--csv', ...command], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(csv.toString().trim().split('\n').at(-1).replaceAll('"', '').split(',')[1]);
  };

  await ours(50);
  const rows = { many: [], one: [], c50: [], c1p50: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    rows.c50.push(await benchmark(50, 1));
    rows.many.push(await ours(50));
    rows.c1p50.push(await benchmark(1, 50));
    rows.one.push(await ours(1));
  }
  report('Redis, 50 callers', median(rows.many));
  report('Redis, 1 caller', median(rows.one));
  report('redis-benchmark EVALSHA -c50 -P1', median(rows.c50));
  report('redis-benchmark EVALSHA -c1 -P50', median(rows.c1p50));
  report('ratio to -c50 -P1', median(rows.many.map((value, at) => value / rows.c50[at])));
  report('ratio to -c1 -P50', median(rows.many.map((value, at) => value / rows.c1p50[at])));

  const times = [];
  for (let pair = 0; pair < 4 * pairs; pair += 1) {
    await client.config('RESETSTAT');
    await ours(50, operations / 10);
    await calledBy(50, operations / 10, () => client.incrbyfloat('plain', '0.01'));
    const stats = await client.info('commandstats');
    const usec = (name) =>
      Number(new RegExp(`cmdstat_${name}:.*usec_per_call=([0-9.]+)`).exec(stats)?.[1]);
    times.push(usec('evalsha') / usec('incrbyfloat'));
  }
  report('server time of a reserve, in INCRBYFLOATs', median(times));
  client.disconnect();
}

/** Calls a second, of so many callers that each wait for the answer to one before the next. */
async function calledBy(callers, count, call) {
  let next = 0;
  const work = async () => {
    while (next < count) await call((next += 1));
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, work));
  return rate(count, start);
}

function rate(count, start) {
  return (count / (performance.now() - start)) * 1000;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function report(name, value) {
  const text = value > 100 ? `${Math.round(value).toLocaleString('en')} / s` : value.toFixed(2);
  process.stdout.write(`${name.padEnd(42)} ${text}\n`);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
