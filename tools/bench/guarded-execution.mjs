/**
 * Overhead of a guarded execution by step, p50 and p95 of 30 runs of `true`, all parts real:
 *
 *   npm run bench -- guarded-execution            in process: SQLite, the local sandbox server
 *   npm run bench -- guarded-execution --running  over HTTP and Temporal, against `npm start`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SqliteAuditLog } from '@ae/audit-log';
import { BudgetTracker, SqliteBudgetStore } from '@ae/budget-tracker';
import { PolicyGate } from '@ae/policy-gate';
import { Redactor } from '@ae/redactor';
import { safeExecute } from '@ae/safe-execution';
import { SandboxClient } from '@ae/sandbox';
import { startSandboxServer } from '@ae/sandbox-server';

const RUNS = 30;
const WARM_UP = 3;

const samples = new Map();

function sample(name, milliseconds) {
  samples.set(name, [...(samples.get(name) ?? []), milliseconds]);
}

/** Times a method of a port under the name of its step. */
function timed(name, work) {
  return async (...args) => {
    const start = performance.now();
    try {
      return await work(...args);
    } finally {
      sample(name, performance.now() - start);
    }
  };
}

function print(title, order) {
  process.stdout.write(`\n${title}\n\n| step | p50 ms | p95 ms |\n| --- | ---: | ---: |\n`);
  for (const name of order) {
    const sorted = (samples.get(name) ?? []).toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    const figures = sorted.length > 0 ? [at(0.5).toFixed(2), at(0.95).toFixed(2)] : ['-', '-'];
    process.stdout.write(`| ${name} | ${figures.join(' | ')} |\n`);
  }
}

async function inProcess() {
  const directory = mkdtempSync(join(tmpdir(), 'ae-bench-'));
  const server = await startSandboxServer({ apiKey: 'bench' });
  const budget = new BudgetTracker(new SqliteBudgetStore({ path: join(directory, 'budgets.db') }));
  const audit = new SqliteAuditLog({ path: join(directory, 'audit.db') });
  const gate = new PolicyGate();
  const client = new SandboxClient({
    apiKey: 'bench',
    apiUrl: server.url,
    sandboxUrl: server.url,
  });
  const entry = { tenant_id: 'bench', principal: { user_id: 'bench' }, action: 'execute_code' };
  let serial = 0;
  const ports = {
    policy: {
      check: timed('policy', async ({ action, context }) => {
        const decision_id = `dec_${String(serial++)}`;
        const decision = gate.checkAction(action, context);
        await audit.append({ ...entry, kind: 'decision', decision_id, decision: 'allow' });
        return { ...decision, decision_id };
      }),
    },
    budget: {
      reserve: timed('hold', ({ run_id, hold_id, amount, ttl_seconds }) =>
        budget.reserve(run_id, hold_id, amount, { ttlSeconds: ttl_seconds }),
      ),
      commit: timed('commit', ({ run_id, hold_id, amount }) =>
        budget.commit(run_id, hold_id, amount),
      ),
      release: ({ run_id, hold_id }) => budget.release(run_id, hold_id),
    },
    sandbox: {
      create: timed('create', async (options) => {
        const session = await client.create(options);
        return {
          id: session.id,
          uploadFiles: timed('upload', (files) => session.uploadFiles(files)),
          execute: timed('execute', (command, options) => session.execute(command, options)),
          listFiles: (path, depth) => session.listFiles(path, depth),
          downloadFiles: (paths) => session.downloadFiles(paths),
          destroy: timed('destroy', () => session.destroy()),
        };
      }),
      list: (filter) => client.list(filter),
      destroy: (id) => client.destroy(id),
    },
    createRedactor: () => {
      const redactor = new Redactor();
      return {
        registerSecret: (value, options) => redactor.registerSecret(value, options),
        redact: (text) => redactor.redact(text),
        createStream: () => {
          const stream = redactor.createStream();
          let spent = 0;
          const measure = (work) => {
            const start = performance.now();
            const text = work();
            spent += performance.now() - start;
            return text;
          };
          return {
            counts: stream.counts,
            write: (chunk) => measure(() => stream.write(chunk)),
            end: () => {
              const text = measure(() => stream.end());
              sample('redact', spent);
              return text;
            },
          };
        },
      };
    },
    outcomes: {
      record: timed('outcome', ({ decision_id, status }) =>
        audit.append({ ...entry, kind: 'outcome', decision_id, outcome: status }),
      ),
    },
  };
  try {
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      if (run === WARM_UP) samples.clear();
      const runId = `bench-${String(run)}`;
      await budget.create(runId, 1);
      const start = performance.now();
      await safeExecute(
        {
          runId,
          executionId: 'execute',
          commands: [{ name: 'execute', command: 'echo hello', timeoutSeconds: 10 }],
          files: { 'main.js': 'console.log(1)\n' },
          envs: { TOKEN: 'not-a-secret-at-all' },
        },
        ports,
      );
      sample('whole', performance.now() - start);
    }
  } finally {
    await server.stop();
    await budget.close();
    await audit.close();
    rmSync(directory, { recursive: true });
  }
  print(`In process, ${String(RUNS)} runs of \`echo hello\``, [
    'policy',
    'hold',
    'create',
    'upload',
    'execute',
    'redact',
    'commit',
    'destroy',
    'outcome',
    'whole',
  ]);
}

async function running() {
  const root = resolve(import.meta.dirname, '../..');
  const { url, api_key } = JSON.parse(readFileSync(join(root, '.ae/connection.json'), 'utf8'));
  const call = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1/safety${path}`, {
      method,
      headers: { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return response.json();
  };
  const order = new Set();
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    if (run === WARM_UP) samples.clear();
    const start = performance.now();
    const { run_id } = await call('POST', '/runs', {
      kind: 'execute',
      limit: 1,
      input: { command: 'echo hello', files: { 'main.js': 'console.log(1)\n' } },
    });
    sample('accepted (202)', performance.now() - start);
    const ended = await call('GET', `/runs/${run_id}?wait=60`);
    if (ended.status !== 'succeeded') throw new Error(JSON.stringify(ended));
    sample('whole', performance.now() - start);
    for (const { name, started_at, ended_at } of ended.steps) {
      order.add(name);
      sample(name, Date.parse(ended_at) - Date.parse(started_at));
    }
  }
  print(`Over HTTP and the workflow engine, ${String(RUNS)} runs of \`echo hello\``, [
    'accepted (202)',
    ...order,
    'whole',
  ]);
}

await (process.argv.includes('--running') ? running() : inProcess());
