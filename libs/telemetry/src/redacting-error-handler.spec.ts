import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the real Express, for this test alone
import express from 'express';
import { redactingErrorHandler } from './index.ts';
import type { SerializedError } from './index.ts';

/** Made at run time, so that no text in the repository looks like a live secret. */
const SECRET = ['sk', 'live', 'x'.repeat(24)].join('_');
const redact = (text: string): string => text.replaceAll(SECRET, '[REDACTED]');

/** What a real Express app answers when a route throws. */
async function answerTo(
  thrown: unknown,
  options: { redact?: (text: string) => string; begin?: boolean } = {},
): Promise<{ status: number; type: string | null; body: string; logged: SerializedError[] }> {
  const logged: SerializedError[] = [];
  const app = express();
  app.set('env', 'test');
  app.get('/', (_request, response) => {
    if (options.begin === true) response.write('begun ');
    throw thrown;
  });
  app.use(
    redactingErrorHandler({
      redact: options.redact ?? redact,
      log: (error) => {
        logged.push(error);
        throw new Error('a log that fails');
      },
    }),
  );
  const server = createServer(app).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${String(port)}/`);
    const body = await response.text().catch(() => 'cut off');
    return { status: response.status, type: response.headers.get('content-type'), body, logged };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it('shows the redacted message and code of a 4xx', async () => {
  const error = Object.assign(new Error(`bad key ${SECRET}`), { status: 422, code: 'bad_key' });
  const { status, type, body, logged } = await answerTo(error);
  expect([status, type]).toEqual([422, 'application/problem+json']);
  expect(JSON.parse(body)).toEqual({
    type: 'about:blank',
    title: 'Unprocessable Entity',
    status: 422,
    detail: 'bad key [REDACTED]',
    code: 'bad_key',
  });
  expect(logged[0]?.stack).toContain('bad key [REDACTED]');
});

it('shows nothing of a 5xx, and logs it redacted with its causes', async () => {
  const error = new Error('down', { cause: new Error(`login with ${SECRET}`) });
  const { status, body, logged } = await answerTo(error);
  expect(status).toBe(500);
  expect(body).not.toMatch(/down|login|at /);
  expect(logged[0]).toMatchObject({ message: 'down', cause: { message: 'login with [REDACTED]' } });
  expect(JSON.stringify(logged)).not.toContain(SECRET);
});

it.each<[string, unknown]>([
  ['a string', 'plain'],
  ['nothing', undefined],
  ['a status that is none', { status: 200, message: 'x' }],
  [
    'a getter that throws',
    Object.defineProperty({}, 'status', {
      get() {
        throw new Error('hostile');
      },
    }),
  ],
  [
    'a proxy that throws',
    new Proxy(
      {},
      {
        get() {
          throw new Error('hostile');
        },
      },
    ),
  ],
])('answers 500 to %s', async (_, thrown) => {
  // Express takes `undefined` for no error at all.
  expect((await answerTo(thrown ?? null)).status).toBe(thrown === undefined ? 404 : 500);
});

it('withholds what could not be redacted', async () => {
  const { body } = await answerTo(Object.assign(new Error(SECRET), { status: 400 }), {
    redact: () => {
      throw new Error('the redactor is broken');
    },
  });
  expect(body).not.toContain(SECRET);
  expect(body).toContain('the request failed here');
});

it('leaves the error to Express when the answer has begun', async () => {
  const { status, body } = await answerTo(new Error(SECRET), { begin: true });
  expect(status).toBe(200);
  expect(body).not.toContain(SECRET);
});
