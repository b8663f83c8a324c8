/**
 * @jest-environment node
 * @jest-environment-options {"customExportConditions": ["@ae/source", "node", "node-addons"]}
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, launchBrowser } from '@ae/test-support';
import type { Browser, Page } from 'playwright-core';
import { buildPage } from './built-page.ts';
import type { BuiltPage } from './built-page.ts';

const newKey = () => `ae_${randomBytes(32).toString('base64url')}`;
const adminKey = newKey();
const workerKey = newKey();

let built: BuiltPage;
let directory: string;
let port: number;
let url: string;
let server: ChildProcess;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  built = buildPage();
  directory = mkdtempSync(join(tmpdir(), 'ae-dashboard-real-'));
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await start();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  await page.goto(`${url}/#key=${adminKey}`);
  await page.getByText('Live', { exact: true }).waitFor();
});

afterAll(async () => {
  await browser.close();
  await stop();
  built.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** The real control plane, from source, in a process of its own. */
async function start(): Promise<void> {
  const main = fileURLToPath(new URL('../../../control-plane/src/main.ts', import.meta.url));
  const environment = {
    PATH: process.env['PATH'],
    AE_PORT: String(port),
    AE_DATA_DIR: directory,
    AE_ADMIN_KEY: adminKey,
    AE_WORKER_KEY: workerKey,
    AE_DASHBOARD_DIR: built.directory,
  };
  server = spawn(process.execPath, ['--conditions=@ae/source', main], { env: environment });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  }
  for (let tries = 0; tries < 300; tries += 1) {
    if (server.exitCode !== null) break;
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the control plane did not start:\n${log}`);
}

async function stop(): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  await exited;
}

async function call(path: string, body: unknown, key = adminKey): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/safety${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const rowOf = (text: string) => page.getByRole('row').filter({ hasText: text });

describe('the page on the real control plane', () => {
  afterEach(() => expect(complaints).toEqual([]));

  it('shows a budget as it is made, spent and exceeded', async () => {
    await call('/budget/create', { run_id: 'real-budget', limit: 0.5 });
    await rowOf('real-budget').getByText('$0.00 / $0.50').waitFor();
    await call('/budget/reserve', { run_id: 'real-budget', hold_id: 'h', amount: 0.25 });
    await rowOf('real-budget').getByText('$0.00 + $0.25 / $0.50').waitFor();
    await call('/budget/commit', { run_id: 'real-budget', hold_id: 'h', amount: 0.75 });
    await rowOf('real-budget').getByText('Exceeded').waitFor();
    await page.getByText('Budget exceeded.').waitFor();
  });

  it('checks a command and underlines what decided', async () => {
    await page.getByRole('textbox', { name: 'Command' }).fill('echo hi && rm -rf /');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByText('Blocked', { exact: true }).waitFor();
    expect(await page.locator('mark').first().innerText()).toMatch(/^\//);
  });

  it('says what is missing when a run cannot be started', async () => {
    await page.getByRole('textbox', { name: 'Command' }).fill('echo hi');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const alert = page.getByRole('alert').or(page.locator('#runs').getByText('Failed'));
    await alert.first().waitFor();
    expect(await alert.first().innerText()).not.toContain('cannot read');
  });

  it('misses nothing while the control plane is restarted', async () => {
    await stop();
    await page.getByText(/^Stale since/).waitFor();
    await page.locator('[data-figure="Spent"]', { hasText: '?' }).waitFor();
    await start();
    await call('/budget/create', { run_id: 'after-restart', limit: 1 });
    await rowOf('after-restart').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });
});
