import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import express from 'express';
import type { RequestHandler } from 'express';
import { MAX_BODY_BYTES, readJson } from './json-body.ts';
import { toHttpProblem } from './problem-handler.ts';

const json = { 'content-type': 'application/json' };

describe('a JSON body', () => {
  let server: Server;
  const unfinished = Promise.withResolvers<unknown>();
  const outcomeOf = async (path: string, headers: Record<string, string>, parts: Buffer[]) => {
    const { port } = server.address() as AddressInfo;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const request = sendRequest({
      ...{ port, path, method: 'POST', agent: false },
      headers: {
        ...headers,
        ...(headers['transfer-encoding'] ? {} : { 'content-length': String(length) }),
      },
    });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    for (const part of parts) {
      request.write(part);
      await delay(5);
    }
    request.end();
    const [response] = await answered;
    const text = Buffer.concat(await response.toArray()).toString();
    return text.length > 1000 ? `${String(text.length)} characters` : text;
  };

  beforeAll(async () => {
    const app = express();
    const parseBody = express.json({ limit: MAX_BODY_BYTES, type: 'application/json' });
    const requireJson: RequestHandler = (request, response, next) => {
      if (request.is('application/json')) next();
      else response.json({ code: 'unsupported_media_type' });
    };
    app.post('/express', requireJson, parseBody, (request, response) => {
      response.json({ body: request.body as unknown });
    });
    app.post('/ours', async (request, response) => {
      response.json({ body: await readJson(request, response) });
    });
    app.post('/unfinished', (request, response) => {
      unfinished.resolve(readJson(request, response).catch((error: unknown) => error));
    });
    const asCode: express.ErrorRequestHandler = (error: unknown, _request, response, next) => {
      if (response.headersSent) next(error);
      else response.json({ code: toHttpProblem(error).code });
    };
    app.use(asCode);
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  const bodies: [string, Record<string, string>, (string | Buffer)[]][] = [
    ['an object', json, ['{"a":"ü☃","__proto__":{"b":1}}']],
    [
      'in two parts, parted within a character',
      json,
      [Buffer.from('{"a":"\xc3', 'latin1'), Buffer.from('\xbc"}', 'latin1')],
    ],
    ['of nothing', json, []],
    ['of spaces', json, [' \n']],
    ['with spaces around it', json, ['\r\n\t [1] ']],
    ['with a byte order mark', json, ['\ufeff{"a":1}']],
    ['of a byte order mark', json, ['\ufeff']],
    ['that is not UTF-8', json, [Buffer.from('{"a":"\xff"}', 'latin1')]],
    ['that is a text', json, ['"a"']],
    ['that is a number', json, ['1']],
    ['that is null', json, ['null']],
    ['that ends early', json, ['{"a":']],
    ['with a tail', json, ['{} x']],
    ['as large as may be', json, [`["${'x'.repeat(MAX_BODY_BYTES - 4)}"]`]],
    ['one byte larger', json, [`["${'x'.repeat(MAX_BODY_BYTES - 3)}"]`]],
    [
      'of a type with a charset',
      { 'content-type': 'application/json; charset=UTF-8' },
      ['{"a":"ü"}'],
    ],
    [
      'in UTF-16',
      { 'content-type': 'application/json; charset=utf-16le' },
      [Buffer.from('{"a":1}', 'utf16le')],
    ],
    ['in Latin-1', { 'content-type': 'application/json; charset=latin1' }, ['{}']],
    ['of a type in capitals', { 'content-type': 'Application/JSON' }, ['{}']],
    ['of another type', { 'content-type': 'text/plain' }, ['{}']],
    ['without a type', {}, ['{}']],
    ['compressed', { ...json, 'content-encoding': 'gzip' }, [gzipSync('{"a":1}')]],
    [
      'compressed and too large',
      { ...json, 'content-encoding': 'gzip' },
      [gzipSync('['.padEnd(MAX_BODY_BYTES + 1))],
    ],
    ['compressed in no known way', { ...json, 'content-encoding': 'x' }, ['{}']],
    ['in chunks', { ...json, 'transfer-encoding': 'chunked' }, ['{"a"', ':1}']],
    [
      'in chunks and too large',
      { ...json, 'transfer-encoding': 'chunked' },
      [`["${'x'.repeat(MAX_BODY_BYTES)}"]`],
    ],
  ];
  it.each(bodies)('%s is read as Express reads it', async (_, headers, parts) => {
    const raw = parts.map((part) => Buffer.from(part));
    const expected = await outcomeOf('/express', headers, raw);
    expect(await outcomeOf('/ours', headers, raw)).toBe(expected);
    expect(expected).not.toContain('internal');
  });

  it('that its client does not finish is refused, and nothing waits for it', async () => {
    const { port } = server.address() as AddressInfo;
    const headers = { ...json, 'content-length': '9' };
    const request = sendRequest({ port, path: '/unfinished', method: 'POST', headers });
    request.on('error', () => undefined).write('{"a":');
    await once(server, 'request');
    await delay(20);
    request.destroy();
    expect(await unfinished.promise).toMatchObject({ code: 'invalid_request' });
  });
});
