/**
 * E2B's REST interface as of SDK 2.45 (spec/openapi.yml of e2b-dev/E2B) without the calls that this
 * server has. Each is refused by a typed 501, never by a 404: the SDKs read that as a sandbox, or a
 * template, that is gone.
 */
import { http2Agent, startFakeServer, type FakeServer } from '../testing/fake-guest.ts';

const UNCLAIMED = [
  'GET /teams',
  'GET /teams/t/metrics',
  'GET /teams/t/metrics/max',
  'POST /sandboxes/s/fork',
  'POST /sandboxes/s/refreshes',
  'POST /sandboxes/s/snapshots',
  'GET /snapshots',
  'POST /v3/templates',
  'GET /v2/templates',
  'POST /v2/templates',
  'GET /templates/t/files/h',
  'POST /templates',
  'POST /templates/t',
  'DELETE /templates/t',
  'PATCH /templates/t',
  'POST /templates/t/builds/b',
  'POST /v2/templates/t/builds/b',
  'PATCH /v2/templates/t',
  'GET /templates/t/builds/b/status',
  'GET /templates/t/builds/b/logs',
  'POST /templates/tags',
  'DELETE /templates/tags',
  'GET /templates/t/tags',
  'GET /nodes',
  'GET /nodes/n',
  'POST /nodes/n',
  'POST /admin/teams/t/sandboxes/kill',
  'GET /admin/sandboxes/running-counts',
  'POST /admin/teams/t/builds/cancel',
  'POST /admin/teams/t/api-keys',
  'DELETE /admin/teams/t/api-keys/k',
  'POST /access-tokens',
  'DELETE /access-tokens/a',
  'GET /api-keys',
  'POST /api-keys',
  'PATCH /api-keys/k',
  'DELETE /api-keys/k',
  'GET /volumes',
  'POST /volumes',
  'GET /volumes/v',
  'DELETE /volumes/v',
  'GET /volumecontent/v/file',
  'PUT /volumecontent/v/file',
  'GET /secrets',
  'POST /secrets',
  'GET /secrets/s',
  'POST /secrets/s',
  'DELETE /secrets/s',
  'PUT /v2/sandboxes',
  'GET /',
  'GET /nonsense',
].map((line) => line.split(' ') as [string, string]);

describe('what is not claimed of the REST interface', () => {
  let server: FakeServer;

  beforeAll(async () => {
    server = await startFakeServer(http2Agent(() => undefined));
  });

  afterAll(() => server.stop());

  it.each(UNCLAIMED)('is 501: %s %s', async (method, path) => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { 'X-API-Key': 'fake' },
    });
    expect(answer.status).toBe(501);
    expect(await answer.json()).toEqual({
      code: 501,
      message: `${method} ${path} is not supported by this server`,
    });
  });

  it('is told only to who has the key', async () => {
    expect((await fetch(`${server.url}/volumes`)).status).toBe(401);
  });
});
