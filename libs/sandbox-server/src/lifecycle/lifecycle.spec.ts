/** Pausing, observing, templates, room and the end, through E2B's SDK and its REST calls. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandExitError, Sandbox } from 'e2b';
import type { ServerEvent } from '../events/server-event.ts';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import type { LogLine } from '../logs/log-line.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';
import type { SandboxServerOptions } from '../server-settings.ts';

const API_KEY = ['lifecycle', 'key'].join('-');
const SECRET = ['value', 'of', 'a', 'variable'].join('-');
const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`lifecycle: not run, ${isolation.reason ?? ''}`);

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
}

(isolation.backend === 'none' ? describe.skip : describe)('a sandbox', () => {
  let folder: string;
  let server: SandboxServer;
  const events: ServerEvent[] = [];
  const lines: LogLine[] = [];

  const options = (more: SandboxServerOptions = {}): SandboxServerOptions => ({
    apiKey: API_KEY,
    memoryMb: 256,
    ...more,
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ae-lifecycle-'));
    const templates = join(folder, 'templates.json');
    const small = { name: 'small', aliases: ['tiny'], envs: { SIZE: 'small' } };
    const limits = { memoryMb: 128, diskMb: 16, cpus: 0.5, processes: 40 };
    writeFileSync(templates, JSON.stringify({ templates: [{ ...small, limits }] }));
    server = await startSandboxServer(
      options({
        templates,
        onEvent: (event) => events.push(event),
        onLog: (line) => lines.push(line),
      }),
    );
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  function create(template = 'base', more: object = {}, at = server): Promise<Sandbox> {
    return Sandbox.create(template, {
      apiKey: API_KEY,
      apiUrl: at.url,
      sandboxUrl: at.url,
      ...more,
    });
  }

  async function call(method: string, path: string, body?: object, at = server): Promise<Answer> {
    const answer = await fetch(`${at.url}${path}`, {
      method,
      headers: { 'X-API-Key': API_KEY },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
      headers: answer.headers,
    };
  }

  const typesOf = (id: string): string[] =>
    events.filter(({ sandbox_id }) => sandbox_id === id).map(({ type }) => type);

  async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
    for (const end = Date.now() + 20_000; !(await condition());) {
      if (Date.now() > end) throw new Error('it did not happen');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  describe('that is paused', () => {
    it('keeps its time, is told apart in lists and events, and runs on after it is resumed', async () => {
      const sandbox = await create();
      const path = `/sandboxes/${sandbox.sandboxId}`;
      const before = await sandbox.getInfo();
      expect(await call('POST', `${path}/pause`, {})).toMatchObject({ status: 204 });
      expect(await call('POST', `${path}/pause`)).toMatchObject({ status: 409 });
      const ids = async (state: string): Promise<string[]> => {
        const { body } = await call('GET', `/v2/sandboxes?state=${state}`);
        return (body as unknown as { sandboxID: string }[]).map(({ sandboxID }) => sandboxID);
      };
      expect(await ids('paused')).toEqual([sandbox.sandboxId]);
      expect(await ids('running')).toEqual([]);
      expect((await sandbox.getInfo()).state).toBe('paused');
      expect(await sandbox.isRunning()).toBe(false);
      await expect(sandbox.commands.run('true')).rejects.toThrow();
      const pausedMs = 200;
      await new Promise((resolve) => setTimeout(resolve, pausedMs));

      const resumed = await call('POST', `/v2${path}/connect`, {});
      expect(resumed).toMatchObject({ status: 201, body: { sandboxID: sandbox.sandboxId } });
      expect((await call('POST', `${path}/connect`, {})).status).toBe(200);
      const after = await sandbox.getInfo();
      expect(after.state).toBe('running');
      expect(after.endAt.getTime() - before.endAt.getTime()).toBeGreaterThanOrEqual(pausedMs);
      expect((await sandbox.commands.run('echo on')).stdout).toBe('on\n');
      await sandbox.kill();
      expect(typesOf(sandbox.sandboxId)).toEqual(['created', 'paused', 'resumed', 'ended']);
    });

    it('is resumed by the call of older SDKs, for the time that it says', async () => {
      const sandbox = await create();
      const path = `/sandboxes/${sandbox.sandboxId}`;
      expect((await call('POST', `${path}/resume`, { timeout: 60 })).status).toBe(409);
      await sandbox.pause();
      const { status, body } = await call('POST', `${path}/resume`, { timeout: 3000 });
      expect({ status, id: body['sandboxID'] }).toEqual({ status: 201, id: sandbox.sandboxId });
      const { endAt } = await sandbox.getInfo();
      expect(endAt.getTime()).toBeGreaterThan(Date.now() + 2_000_000);
      await sandbox.kill();
    });

    it('can be given another time, and ended', async () => {
      const sandbox = await create();
      await sandbox.pause();
      await sandbox.setTimeout(1_000_000);
      await call('POST', `/sandboxes/${sandbox.sandboxId}/connect`, {});
      expect((await sandbox.getInfo()).endAt.getTime()).toBeGreaterThan(Date.now() + 900_000);
      await sandbox.pause();
      expect(await sandbox.kill()).toBe(true);
      expect((await call('POST', `/sandboxes/${sandbox.sandboxId}/pause`)).status).toBe(404);
    });

    it('does not end while its time is over only by the clock', async () => {
      const sandbox = await create('base', { timeoutMs: 3_000 });
      await sandbox.pause();
      await new Promise((resolve) => setTimeout(resolve, 3_100));
      expect((await sandbox.getInfo()).state).toBe('paused');
      await call('POST', `/sandboxes/${sandbox.sandboxId}/connect`, {});
      await until(() => typesOf(sandbox.sandboxId).includes('ended'));
    });

    it('stays one, whatever is called at the same time', async () => {
      const sandbox = await create();
      const path = `/sandboxes/${sandbox.sandboxId}`;
      const calls = Array.from({ length: 30 }, (_, index) =>
        call('POST', `${path}/${index % 2 === 0 ? 'pause' : 'connect'}`, {}),
      );
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      for (const status of statuses) expect([200, 201, 204, 409]).toContain(status);
      await call('POST', `${path}/connect`, {});
      expect((await sandbox.commands.run('echo on')).stdout).toBe('on\n');
      const pausing = Array.from({ length: 5 }, () => call('POST', `${path}/pause`, {}));
      expect(await sandbox.kill()).toBe(true);
      for (const { status } of await Promise.all(pausing))
        expect([204, 404, 409]).toContain(status);
    });
  });

  describe('whose time is over', () => {
    it('is paused when its caller wanted that, and woken by a call when it wanted that too', async () => {
      const lifecycle = { onTimeout: 'pause', autoResume: true };
      const sandbox = await create('base', { timeoutMs: 2_000, lifecycle });
      await until(() => typesOf(sandbox.sandboxId).includes('paused'));
      expect((await sandbox.getInfo()).lifecycle).toEqual(lifecycle);
      expect(await sandbox.isRunning()).toBe(false);
      expect((await sandbox.commands.run('echo awake')).stdout).toBe('awake\n');
      await until(() => typesOf(sandbox.sandboxId).filter((type) => type === 'paused').length > 1);
      await sandbox.kill();
    });

    it('sleeps on without autoResume', async () => {
      const sandbox = await create('base', { timeoutMs: 500, lifecycle: { onTimeout: 'pause' } });
      await until(() => typesOf(sandbox.sandboxId).includes('paused'));
      expect(await sandbox.isRunning()).toBe(false);
      expect((await sandbox.getInfo()).state).toBe('paused');
      await sandbox.connect();
      expect(await sandbox.isRunning()).toBe(true);
      await sandbox.kill();
    });
  });

  describe('of a template', () => {
    it('has its environment and its limits', async () => {
      const sandbox = await create('tiny', { envs: { MORE: 'yes' } });
      expect(await sandbox.getInfo()).toMatchObject({ templateId: 'small', memoryMB: 128 });
      const { stdout } = await sandbox.commands.run('echo $SIZE $MORE; ulimit -u');
      expect(stdout).toBe('small yes\n40\n');
      const filled = await sandbox.commands
        .run('dd if=/dev/zero of=f bs=1M count=17 status=none')
        .catch((error: unknown) => error);
      expect(filled).toBeInstanceOf(CommandExitError);
      await sandbox.kill();
    });

    it('is found by name and alias', async () => {
      for (const name of ['base', 'node', 'small', 'tiny']) {
        expect((await call('GET', `/templates/aliases/${name}`)).status).toBe(200);
      }
      expect((await call('GET', '/templates/aliases/tiny')).body).toMatchObject({
        templateID: 'small',
      });
      expect((await call('GET', '/templates/aliases/%E0%A4%A')).status).toBe(400);
    });
  });

  describe('that is observed', () => {
    it('answers with samples of the time that was asked for', async () => {
      const sandbox = await create();
      const start = new Date(Date.now() - 1000);
      const [sample] = await sandbox.getMetrics({ start, end: new Date() });
      expect(sample).toMatchObject({ memTotal: 256 << 20 });
      expect(await sandbox.getMetrics({ end: new Date(start.getTime() - 60_000) })).toEqual([]);
      const many = await call('GET', `/sandboxes/metrics?sandbox_ids=${sandbox.sandboxId},nope`);
      expect(many).toMatchObject({ status: 200 });
      expect(Object.keys(many.body['sandboxes'] as object)).toEqual([sandbox.sandboxId]);
      const noStart = `${sandbox.sandboxId}/metrics?start=x`;
      for (const wrong of ['metrics', 'metrics?sandbox_ids=', noStart]) {
        expect((await call('GET', `/sandboxes/${wrong}`)).status).toBe(400);
      }
      await sandbox.kill();
    });

    it('has a log, in which nothing is that its caller wants to keep', async () => {
      const sandbox = await create('base', { envs: { KEY: SECRET }, metadata: { note: SECRET } });
      await sandbox.pause();
      const id = sandbox.sandboxId;
      const { body } = await call('GET', `/sandboxes/${id}/logs`);
      const entries = body['logEntries'] as { message: string; fields: object }[];
      expect(entries.map(({ message }) => message)).toEqual(['created', 'paused']);
      expect(body['logs']).toHaveLength(2);
      const v2 = async (query: string): Promise<string[]> => {
        const answer = await call('GET', `/v2/sandboxes/${id}/logs?${query}`);
        return (answer.body['logs'] as { message: string }[]).map(({ message }) => message);
      };
      expect(await v2('direction=backward')).toEqual(['paused', 'created']);
      expect(await v2('limit=1')).toEqual(['created']);
      expect(await v2('search=pau')).toEqual(['paused']);
      expect(await v2('level=error')).toEqual([]);
      expect(await v2(`cursor=${Date.now() + 60_000}`)).toEqual([]);
      for (const wrong of ['direction=up', 'level=loud', 'limit=-1', 'cursor=x']) {
        expect((await call('GET', `/v2/sandboxes/${id}/logs?${wrong}`)).status).toBe(400);
      }
      const all = JSON.stringify([lines, body]);
      const { envdAccessToken } = sandbox as unknown as { envdAccessToken: string };
      for (const kept of [SECRET, API_KEY, envdAccessToken]) expect(all).not.toContain(kept);
      expect(all).toContain(id);
      await sandbox.kill();
    });
  });

  describe('for which there is no room', () => {
    it('is refused with the time to wait, by quota and by free memory', async () => {
      const full = await startSandboxServer(options({ totalMemoryMb: 300 }));
      const first = await call('POST', '/v2/sandboxes', {}, full);
      expect(first.status).toBe(201);
      const second = await call('POST', '/v2/sandboxes', {}, full);
      expect(second).toMatchObject({ status: 503, body: { code: 503 } });
      expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
      await full.stop();

      const short = await startSandboxServer(options({ memoryReserveMb: 1024 ** 3 }));
      expect(await call('POST', '/v2/sandboxes', {}, short)).toMatchObject({ status: 503 });
      await short.stop();
    });

    it('waits its turn when many are started at once', async () => {
      // Their clocks start with them: in a crowd of twelve none has less time than alone.
      const crowd = await startSandboxServer(options({ launchTimeoutMs: 8_000 }));
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => call('POST', '/v2/sandboxes', {}, crowd)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(12).fill(201));
      await crowd.stop();
    });
  });

  describe('of a server that stops', () => {
    it('may end its command within the grace, while no other is started', async () => {
      const ending = await startSandboxServer(options({ stopGraceMs: 20_000 }));
      const sandbox = await create('base', {}, ending);
      const command = sandbox.commands.run('while ! test -e go; do sleep 0.05; done; echo done');
      await until(async () => (await sandbox.commands.list()).length > 0);
      const stopped = ending.stop();
      const refused = await call('POST', '/v2/sandboxes', {}, ending);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).not.toBeNull();
      await sandbox.files.write('go', '');
      expect((await command).stdout).toBe('done\n');
      await stopped;
    });

    it('does not hold the server up', async () => {
      const ending = await startSandboxServer(options({ stopGraceMs: 300 }));
      const sandbox = await create('base', {}, ending);
      await create('base', {}, ending).then((other) => other.pause());
      const command = sandbox.commands.run('sleep 600').catch((error: unknown) => error);
      await until(async () => (await sandbox.commands.list()).length > 0);
      const began = Date.now();
      await ending.stop();
      expect(Date.now() - began).toBeLessThan(12_000);
      expect(await command).toBeInstanceOf(Error);
    });
  });
});
