/**
 * Holds and commits over HTTP, beside a bare Express echo, in one run:
 *
 *   npm run bench -- budget-over-http [--seconds 10] [--rounds 4] [--long 90]
 *
 * 50 keep-alive clients against the control plane on a Redis with AOF. Each round measures the echo, then reserves, then
 * reserves with their commits; figures are medians of the rounds, as ratios to the echo of the same round. At last
 * `--long` seconds of reserves show the slowest answer. Wants redis-server on PATH.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '4' },
    long: { type: 'string', default: '90' },
  },
});
const CLIENTS = 50;
const [ADMIN_KEY, WORKER_KEY] = [apiKey(), apiKey()];
const TICKS_PER_SECOND = 100;

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'ae-bench-http-'));
const children = [];

try {
  const redisPort = await freePort();
  const redis = start('redis-server', [
    ...['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes'],
    ...['--dir', directory],
  ]);
  await lineOf(redis, /Ready to accept/);
  const port = await freePort();
  const plane = startNode(join(root, 'apps/control-plane/src/main.ts'), {
    AE_PORT: String(port),
    AE_DATA_DIR: directory,
    AE_ADMIN_KEY: ADMIN_KEY,
    AE_WORKER_KEY: WORKER_KEY,
    AE_RATE_LIMIT_PER_SECOND: '10000000',
    AE_LOG_LEVEL: 'info',
    REDIS_URL: `redis://127.0.0.1:${String(redisPort)}`,
  });
  await lineOf(plane, /listening/);
  const echo = startNode(join(root, 'tools/bench/peers/echo-server.mjs'), {});
  const echoUrl = await lineOf(echo, /^http/);

  const budgetServer = { url: `http://127.0.0.1:${String(port)}`, pids: [plane.pid, redis.pid] };
  const echoServer = { url: echoUrl, pids: [echo.pid] };
  const reserve = await reserving(budgetServer.url);
  const rounds = [];
  await measure(budgetServer, 3, reserve);
  await measure(echoServer, 3, echoing);
  for (let round = 0; round < Number(values.rounds); round++) {
    const seconds = Number(values.seconds);
    rounds.push({
      echo: await measure(echoServer, seconds, echoing),
      reserve: await measure(budgetServer, seconds, reserve),
      pair: await measure(budgetServer, seconds, pairing(reserve)),
    });
  }
  const long = await measure(budgetServer, Number(values.long), reserve);
  report(rounds, long);
} finally {
  for (const child of children) {
    if (child.exitCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
}

function report(rounds, long) {
  const ratio = (of) => median(rounds.map(of)).toFixed(2);
  console.table({
    'echo, requests per second': median(rounds.map(({ echo }) => echo.perSecond)).toFixed(0),
    'reserve, requests per second': median(rounds.map((r) => r.reserve.perSecond)).toFixed(0),
    'reserve to echo, requests per second': ratio((r) => r.reserve.perSecond / r.echo.perSecond),
    'reserve to echo, p99': ratio((r) => r.reserve.p99 / r.echo.p99),
    'pairs to echo, per second': ratio((r) => r.pair.perSecond / r.echo.perSecond),
    'reserve to echo, CPU of the servers': ratio((r) => r.reserve.cpu / r.echo.cpu),
    [`slowest reserve of ${values.long} s, ms`]: long.slowest.toFixed(0),
    'failed answers': rounds.reduce(
      (sum, r) => sum + r.echo.failed + r.reserve.failed + r.pair.failed,
      long.failed,
    ),
  });
}

/** Runs an act with all clients for a time. `cpu` is that of the servers, in ms for one act. */
async function measure(server, seconds, act) {
  const pool = new Pool(server.url, { connections: CLIENTS, pipelining: 1 });
  const times = [];
  let failed = 0;
  const cpu = cpuOf(server.pids);
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (performance.now() < until) {
        const start = performance.now();
        if (!(await act(pool))) failed++;
        times.push(performance.now() - start);
      }
    }),
  );
  const elapsed = performance.now() - began;
  const used = cpuOf(server.pids) - cpu;
  await pool.close();
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / (elapsed / 1000),
    p99: times[Math.floor(times.length * 0.99)],
    slowest: times.at(-1),
    cpu: used / times.length,
    failed,
  };
}

async function echoing(pool) {
  return post(pool, '/', { run_id: 'bench', hold_id: 'hold', amount: 0.000001, ttl_seconds: 600 });
}

/** Reserves with ids of their own in one budget of plenty. */
async function reserving(url) {
  const pool = new Pool(url, { connections: 1 });
  await post(pool, '/api/v1/safety/budget/create', { run_id: 'bench', limit: 9e9 });
  await pool.close();
  let next = 0;
  return async (target) => {
    const hold_id = `hold-${String(next++)}`;
    const body = { run_id: 'bench', hold_id, amount: 0.000001, ttl_seconds: 600 };
    return (await post(target, '/api/v1/safety/budget/reserve', body)) ? hold_id : undefined;
  };
}

function pairing(reserve) {
  return async (pool) => {
    const hold_id = await reserve(pool);
    const body = { run_id: 'bench', hold_id, amount: 0.000001 };
    return hold_id !== undefined && (await post(pool, '/api/v1/safety/budget/commit', body));
  };
}

async function post(pool, path, body) {
  const { statusCode, body: answer } = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_KEY}` },
    body: JSON.stringify(body),
  });
  await answer.text();
  return statusCode === 200;
}

/** Milliseconds of CPU that processes have used. */
function cpuOf(pids) {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return sum + ((Number(user) + Number(system)) * 1000) / TICKS_PER_SECOND;
  }, 0);
}

function start(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

function startNode(file, env) {
  return start(process.execPath, ['--conditions=@ae/source', file], { ...env, NODE_OPTIONS: '' });
}

/** The first line of a child that matches; its other lines are dropped, now and later. */
async function lineOf(child, pattern) {
  const lines = createInterface(child.stdout);
  for await (const line of lines) {
    if (!pattern.test(line)) continue;
    child.stdout.resume();
    return line;
  }
  throw new Error(`a server ended before it said ${String(pattern)}`);
}

function apiKey() {
  return `ae_${randomBytes(32).toString('base64url')}`;
}

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
