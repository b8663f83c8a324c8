import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findRunning, removeConnection, writeConnection } from './connection-file.mjs';
import { temporaryFolder, writeText } from './fakes.ts';
import { takeLauncherLock } from './launcher-lock.mjs';

describe('connection file', () => {
  const folder = temporaryFolder();
  let server: Server;
  let url = '';
  let release: (() => void) | undefined;

  beforeEach(async () => {
    release = await takeLauncherLock(folder.path);
  });
  beforeAll(async () => {
    server = createServer((request, response) => {
      const open = request.url === '/healthz';
      const known = request.headers.authorization === 'Bearer own';
      response.writeHead(open || known ? 200 : 401).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    removeConnection(folder.path);
    release?.();
    release = undefined;
  });
  afterAll(() => {
    server.close();
    folder.remove();
  });

  const connection = (changes: object): Parameters<typeof writeConnection>[1] => ({
    url,
    api_key: 'own',
    temporal_address: null,
    sandbox_url: null,
    ...changes,
  });

  it('finds the system that runs', async () => {
    writeConnection(folder.path, connection({}));
    expect(await findRunning(folder.path)).toEqual(connection({}));
  });

  it('is readable by its owner only', () => {
    writeConnection(folder.path, connection({}));
    expect(statSync(join(folder.path, 'connection.json')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['of a system that is gone', { url: 'http://127.0.0.1:1' }],
    ['whose port another program has taken', { api_key: 'of a system before' }],
  ])('is passed over when it is one %s', async (_what, changes) => {
    writeConnection(folder.path, connection(changes));
    expect(await findRunning(folder.path)).toBeUndefined();
  });

  it('is passed over when its launcher was killed and the control plane still answers', async () => {
    writeConnection(folder.path, connection({}));
    release?.();
    release = undefined;
    expect(await findRunning(folder.path)).toBeUndefined();
  });

  it('is passed over when it is damaged or missing', async () => {
    expect(await findRunning(folder.path)).toBeUndefined();
    writeText(join(folder.path, 'connection.json'), '{"url":');
    expect(await findRunning(folder.path)).toBeUndefined();
  });
});
