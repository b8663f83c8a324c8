/**
 * @jest-environment node
 * @jest-environment-options {"customExportConditions": ["@ae/source", "node", "node-addons"]}
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launchBrowser } from '@ae/test-support';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { buildPage } from './built-page.ts';
import type { BuiltPage } from './built-page.ts';
import {
  APPROVAL,
  BLOCKED,
  FAMILY_BUDGET,
  UNAVAILABLE,
  sampleBudget,
  sampleDay,
  sampleRun,
} from './sample.ts';
import { TestControlPlane } from './test-control-plane.ts';

const FIGURES = ['Running', 'Waiting for approval', 'Over budget', 'Held', 'Spent'];

let built: BuiltPage;
let browser: Browser;
let server: TestControlPlane;
let url: string;
let context: BrowserContext;
let page: Page;
/** What the browser complained about, a breach of the content security policy above all. */
let complaints: string[];

beforeAll(async () => {
  built = buildPage();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  built.remove();
});

beforeEach(async () => {
  server = new TestControlPlane(built.directory);
  Object.assign(server, sampleDay());
  server.decision = BLOCKED;
  url = await server.listen();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A failed request is logged by the browser itself; the specs look at what the page shows.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
});

afterEach(async () => {
  await context.close();
  await server.close();
  expect(complaints).toEqual([]);
});

async function open(address = '/'): Promise<void> {
  await page.goto(`${url}${address}#key=${server.key}`);
}

async function openLive(address = '/'): Promise<void> {
  await open(address);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  await expectSoon(() => server.streams, 1);
}

/** Waits until `actual` answers what is expected. */
async function expectSoon<T>(actual: () => T | Promise<T>, expected: T): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (JSON.stringify(await actual()) === JSON.stringify(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await actual()).toEqual(expected);
}

const figures = () => page.locator('[data-figure]').allTextContents();
const rowOf = (text: string) => page.getByRole('row').filter({ hasText: text });
const focused = () => page.evaluate(() => document.activeElement?.textContent);

async function violations(): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe('the session', () => {
  it('takes the key out of the address and keeps it for the tab alone', async () => {
    await openLive('/?run=sample-ok');
    expect(page.url()).toBe(`${url}/?run=sample-ok`);
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(server.key);
  });

  it('asks for a key, says where it is, and refuses what is none', async () => {
    await page.goto(url);
    await page.getByText('.ae/connection.json').waitFor();
    await page.getByLabel('API key').fill('secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('A key begins with ae_').waitFor();
    await page.getByLabel('API key').fill(server.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('leads back with the reason when the key is refused', async () => {
    await page.goto(`${url}/#key=${['ae', 'x'.repeat(20)].join('_')}`);
    await page.getByText('The control plane refused this key. This key is not known.').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  it('keeps the reason when the refusal of another call is cut off by the leaving', async () => {
    server.holdsRefusal = true;
    const cutOff = page.waitForEvent('requestfailed', (request) =>
      request.url().endsWith('/events'),
    );
    await page.goto(`${url}/#key=${['ae', 'x'.repeat(20)].join('_')}`);
    await cutOff;
    await page.getByText('The control plane refused this key. This key is not known.').waitFor();
    await page.waitForTimeout(100);
    expect(await page.getByRole('alert').innerText()).toContain('This key is not known.');
  });
});

describe('truth', () => {
  it('shows neither a zero nor an empty state while every call answers 503', async () => {
    server.failure = UNAVAILABLE;
    await open();
    await page.getByText('Unavailable', { exact: true }).waitFor();
    await page.getByRole('alert').first().waitFor();
    expect(await figures()).toEqual(FIGURES.map(() => '?'));
    const text = await page.locator('main').innerText();
    expect(text).not.toMatch(/(^|\s|\$)0(\.00)?(\s|$)|No runs yet|No budgets yet|Nothing waits/);
    expect(text).toContain(UNAVAILABLE.detail);

    server.failure = undefined;
    const live = page.getByText('Live', { exact: true });
    const tryNow = page.getByRole('button', { name: 'Try now' });
    // The button goes away when the page tries by itself first.
    await Promise.race([live.waitFor(), tryNow.click().catch(() => undefined)]);
    await live.waitFor();
    await expectSoon(async () => (await figures()).slice(0, 3), ['2', '1', '1']);
  });

  it('keeps the last data, greyed and with their age, when the connection is lost', async () => {
    await openLive();
    server.failure = UNAVAILABLE;
    server.cutStreams();
    await page.getByText('Reconnecting', { exact: true }).waitFor();
    await page.getByText(/^Stale since/).waitFor();
    await expectSoon(
      figures,
      FIGURES.map(() => '?'),
    );
    expect(await rowOf('cargo test').count()).toBe(1);
    expect(await page.locator('#runs [data-stale]').count()).toBe(1);
    await page
      .locator('#runs')
      .getByText(/as of .+ ago/)
      .waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    expect(await violations()).toEqual([]);

    server.failure = undefined;
    server.runs = server.runs.filter(({ status }) => status !== 'queued');
    await page.getByRole('button', { name: 'Try now' }).click();
    await expectSoon(() => rowOf('cargo test').count(), 0);
    expect(await page.locator('[data-stale]').count()).toBe(0);
  });

  it('shows an empty state, with what to do, only for an empty answer', async () => {
    Object.assign(server, { budgets: [], runs: [], approvals: [] });
    await openLive();
    await page.getByText('No runs yet').waitFor();
    await page.getByText('No budgets yet').waitFor();
    await page.getByText('Nothing waits for a person.').waitFor();
    expect(await figures()).toEqual(['0', '0', '0', '$0.00', '$0.00']);
    expect(await violations()).toEqual([]);
  });
});

describe('live', () => {
  it('shows what events tell, and loses none over a reconnection', async () => {
    await openLive('/?run=run-live-0001');
    const print = (text: string) =>
      server.publish({
        type: 'run.output',
        data: { run_id: 'run-live-0001', stream: 'stdout', text },
      });
    print('one\n');
    const output = page.getByRole('region', { name: 'Output' });
    await expectSoon(() => output.innerText(), 'one\n');

    server.cutStreams();
    print('two\n');
    server.publish({ type: 'budget.updated', data: sampleBudget('new-budget', 0.5, 2, 0.25) });
    print('three\n');
    await expectSoon(() => output.innerText(), 'one\ntwo\nthree\n');
    expect(server.resumedAfter).toEqual([undefined, '1']);
    expect(await rowOf('new-budget').innerText()).toContain('$0.50 + $0.25 / $2.00');

    print('four\n');
    await expectSoon(() => output.innerText(), 'one\ntwo\nthree\nfour\n');
  });

  it('takes a decided approval and a finished run from where they stood', async () => {
    await openLive();
    server.publish({ type: 'approval.updated', data: { ...APPROVAL, status: 'rejected' } });
    await expectSoon(() => page.getByRole('button', { name: 'Approve' }).count(), 0);
    const run = sampleRun('run-live-0001', 'succeeded', 'npm ci && npm test -- --runInBand');
    const updated = { ...run, updated_at: new Date().toISOString() };
    server.publish({ type: 'run.updated', data: updated });
    await expectSoon(() => rowOf('npm ci').getByText('Succeeded').count(), 1);
  });
});

describe('a person', () => {
  it('decides with a reason on exactly the action that was read', async () => {
    await openLive();
    const approve = page.getByRole('button', { name: 'Approve' });
    await approve.click();
    await page.getByText('Say why').waitFor();
    await page.getByLabel('Reason of the decision').fill(' reviewed ');
    const changed = { ...APPROVAL, digest: 'f'.repeat(64) };
    server.publish({ type: 'approval.updated', data: changed });
    await page.getByText('The action changed after you opened it.').waitFor();
    expect(await approve.isDisabled()).toBe(true);
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'I have read it' }).click();
    await approve.click();
    await expectSoon(() => page.getByRole('button', { name: 'Approve' }).count(), 0);
    expect(server.received).toEqual([
      {
        method: 'POST',
        path: `/approvals/${APPROVAL.approval_id}/decision`,
        body: { decision: 'approve', reason: 'reviewed', digest: changed.digest },
      },
    ]);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('attention');
  });

  it('checks a command and sees the place that decided', async () => {
    await openLive();
    await page.getByRole('textbox', { name: 'Command' }).fill('echo hi; rm -rf /');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByText('Blocked', { exact: true }).waitFor();
    expect(await page.locator('mark').innerText()).toMatch(/^rm -rf \//);
    expect(await violations()).toEqual([]);
    expect(server.received[0]?.body).toEqual({
      action: 'execute_code',
      context: { command: 'echo hi; rm -rf /' },
    });
  });

  it('runs a command within a limit and opens the run', async () => {
    server.runs.unshift(sampleRun('started', 'queued', 'echo started', { age: 0 }));
    await openLive();
    await page.getByRole('textbox', { name: 'Command' }).fill('echo started');
    const limit = page.getByLabel('Limit, USD');
    await limit.fill('0');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('A limit is USD above zero').waitFor();
    await limit.fill('0.5');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expectSoon(() => new URL(page.url()).searchParams.get('run'), 'started');
    expect(server.received).toEqual([
      {
        method: 'POST',
        path: '/runs',
        body: { kind: 'execute', limit: 0.5, input: { command: 'echo started' } },
      },
    ]);
  });

  it('cancels a run after being asked once more', async () => {
    await openLive('/?run=run-live-0001');
    await page.getByRole('button', { name: 'Cancel run' }).click();
    expect(server.received).toEqual([]);
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await expectSoon(() => server.received.map(({ path }) => path), ['/runs/run-live-0001/cancel']);
  });

  it('sees whose budget it is, its window and why it admits nothing, and freezes', async () => {
    const settled = sampleBudget('settled-child', 1, 2);
    server.budgets.push(FAMILY_BUDGET, { ...settled, parent: 'team-research', closed: true });
    await openLive('/?filter=team-research');
    const row = rowOf('agents-of-a-day');
    await row.waitFor();
    const text = await row.innerText();
    for (const words of ['in team-research', '$2.00 + $0.50 / $5.00 a day', 'Frozen']) {
      expect(text.replaceAll(/\s+/g, ' ')).toContain(words);
    }
    expect(await rowOf('settled-child').innerText()).toContain('Settled');
    expect(await rowOf('settled-child').getByRole('button', { name: /reeze/ }).count()).toBe(0);
    expect(await violations()).toEqual([]);

    await page.getByRole('button', { name: 'Unfreeze agents-of-a-day' }).click();
    await page.getByRole('button', { name: 'Freeze agents-of-a-day', exact: true }).click();
    await page.getByRole('button', { name: 'Unfreeze agents-of-a-day' }).waitFor();
    const body = { run_id: FAMILY_BUDGET.run_id };
    expect(server.received).toEqual([
      { method: 'POST', path: '/budget/unfreeze', body },
      { method: 'POST', path: '/budget/freeze', body },
    ]);

    server.failure = UNAVAILABLE;
    await page.getByRole('button', { name: 'Unfreeze agents-of-a-day' }).click();
    await page.getByText(UNAVAILABLE.title).first().waitFor();
  });

  it('counts the money of a family once', async () => {
    const child = { ...sampleBudget('child', 1, 4, 0.5), parent: 'team' };
    const settled = { ...sampleBudget('settled', 2, 4), parent: 'team', closed: true as const };
    Object.assign(server, { budgets: [sampleBudget('team', 2, 10, 4), child, settled], runs: [] });
    await openLive();
    await expectSoon(async () => (await figures()).slice(3), ['$4.00', '$3.00']);
  });

  it('sees a failure as a sentence with what to do, and each step in words', async () => {
    await openLive('/?run=sample-denied');
    await page.getByText('The policy does not allow this command').waitFor();
    await page.getByText('Name a folder inside the working folder instead.').waitFor();
    await page.getByText('Policy stopped it').waitFor();
  });
});

describe('everyone', () => {
  it.each(['light', 'dark'] as const)('has no axe violation in %s', async (theme) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(url);
    await page.getByLabel('API key').waitFor();
    expect(await violations()).toEqual([]);
    await openLive('/?run=sample-ok');
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Shortcuts' }).click();
    await page.getByRole('button', { name: /of ended runs/ }).click();
    expect(await violations()).toEqual([]);
    server.failure = UNAVAILABLE;
    await page.reload();
    await page.getByText('Unavailable', { exact: true }).waitFor();
    expect(await violations()).toEqual([]);
  });

  it('chooses a theme that stays', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await openLive();
    const scheme = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
    await page.getByRole('radio', { name: 'dark' }).check({ force: true });
    expect(await scheme()).toBe('dark');
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await scheme()).toBe('dark');
  });

  it('reads at 320 pixels without scrolling sideways', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await openLive('/?run=sample-ok');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await violations()).toEqual([]);
  });

  it('moves by keyboard', async () => {
    await openLive();
    await rowOf('cargo test').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to runs');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('cargo test --workspace --all-features');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await focused()).toBe('npm ci && npm test -- --runInBand');
    await page.keyboard.press('k');
    await expectSoon(() => new URL(page.url()).searchParams.get('run'), 'sample-queued');
    await page.keyboard.press('/');
    await page.keyboard.type('status:denied');
    await expectSoon(() => rowOf('Denied').count(), 1);
    expect(await rowOf('cargo test').count()).toBe(0);
    expect(new URL(page.url()).searchParams.get('filter')).toBe('status:denied');
    await page.keyboard.press('Escape');
    await expectSoon(() => rowOf('cargo test').count(), 1);
    await page.getByRole('button', { name: 'Shortcuts' }).click();
    await page.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    expect(new URL(page.url()).searchParams.get('run')).toBe('sample-queued');
  });

  it('sees nothing move who asked for that', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await openLive();
    await rowOf('npm ci').waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });

  it('loads at most 200 KB of script, and nothing from elsewhere', async () => {
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await openLive();
    expect(requests.filter((request) => !request.startsWith(url))).toEqual([]);
    const assets = join(built.directory, 'assets');
    const sizes = readdirSync(assets)
      .filter((name) => name.endsWith('.js'))
      .map((name) => gzipSync(readFileSync(join(assets, name))).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(200_000);
    expect(sizes.length).toBeLessThanOrEqual(12);
  });
});
