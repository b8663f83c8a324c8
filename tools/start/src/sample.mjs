import { randomInt } from 'node:crypto';

/** @typedef {import('./progress.mjs').Progress} Progress */

/**
 * Shows the guarded path on the running system: an execution that prints a planted, made-up secret
 * comes back redacted and paid for, and a destructive command is refused.
 *
 * @param {{ url: string, api_key: string }} connection
 * @param {Progress} progress
 * @throws {Error} When the system does not do what it is there for.
 */
export async function runSample(connection, progress) {
  const secret = plantedSecret();
  const runId = `sample-${Date.now().toString(36)}`;
  // Put together by the shell: the secret stands in the output and nowhere before it.
  const command = `printf 'access key: %s%s\\n' ${secret.slice(0, 7)} ${secret.slice(7)}`;
  const run = await progress.step('sample: a guarded execution', async (detail) => {
    await call(connection, 'POST', '/api/v1/safety/runs', 202, {
      kind: 'execute',
      run_id: runId,
      limit: 1,
      input: { command },
    });
    for (;;) {
      const state = await call(connection, 'GET', `/api/v1/safety/runs/${runId}?wait=60`, 200);
      if (!['queued', 'running'].includes(state.status)) return state;
      detail(state.status);
    }
  });
  if (run.status !== 'succeeded') {
    throw new Error(`The run is ${run.status}: ${JSON.stringify(run.error ?? run)}`);
  }
  const { stdout = '' } = run.result ?? {};
  if (stdout.includes(secret)) throw new Error('The planted secret came back in clear.');
  if (!stdout.includes('[REDACTED:')) {
    throw new Error(`The output shows no redaction: ${JSON.stringify(run.result)}`);
  }
  const refused = await call(connection, 'POST', '/api/v1/safety/check', 200, {
    action: 'execute_code',
    context: { command: 'rm -rf /' },
  });
  if (refused.allowed !== false) throw new Error('`rm -rf /` was allowed.');

  for (const line of describe(run, refused)) progress.note(line);
}

/**
 * @param {any} run
 * @param {any} refused
 */
function describe(run, refused) {
  const { stdout, exitCode, cost, budgetRemaining } = run.result;
  return [
    '',
    `A command that prints a planted secret (run ${run.run_id}):`,
    `  output     ${stdout.trimEnd()}`,
    `  exit code  ${exitCode}`,
    `  cost       $${cost ?? run.budget.spent}; $${budgetRemaining ?? run.budget.remaining} of $${run.budget.limit} remain`,
    `  steps      ${run.steps.map(describeStep).join(', ')}`,
    'The command `rm -rf /`:',
    `  refused    ${refused.reason}`,
    '',
  ];
}

/** @param {{ name: string, started_at?: string | null, ended_at?: string | null }} step */
function describeStep({ name, started_at: started, ended_at: ended }) {
  if (started == null || ended == null) return name;
  return `${name} ${Date.parse(ended) - Date.parse(started)} ms`;
}

/** Has the form of an access key of AWS and belongs to nobody. */
function plantedSecret() {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const rest = Array.from({ length: 16 }, () => letters.charAt(randomInt(letters.length)));
  return ['AK', 'IA', ...rest].join('');
}

/**
 * @param {{ url: string, api_key: string }} connection
 * @param {string} method
 * @param {string} path
 * @param {number} status What the answer has to be.
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function call({ url, api_key: key }, method, path, status, body) {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(90_000),
  });
  const text = await response.text();
  if (response.status !== status) {
    throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 1000)}`);
  }
  return JSON.parse(text);
}
