import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createRedactTransform } from './node.ts';
import { Redactor } from './redactor.ts';
import { sampleToken } from './testing/samples.ts';

const redactor = new Redactor();
redactor.registerSecret('ключ-😀-секрет');
const input = `до ключ-😀-секрет ${sampleToken('github-token')} после 😀\npassword: hunter2`;
const whole = redactor.redact(input);

it('gives the same for every cut of the bytes, also inside a character', async () => {
  const bytes = Buffer.from(input);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const source = Readable.from([bytes.subarray(0, cut), bytes.subarray(cut)], {
      objectMode: false,
    });
    expect(await text(source.pipe(createRedactTransform(redactor)))).toBe(whole);
  }
});

it('replaces bytes that are not UTF-8 and goes on', async () => {
  const source = Readable.from([Buffer.from([0x61, 0xff, 0x62]), Buffer.from([0xf0, 0x9f])], {
    objectMode: false,
  });
  expect(await text(source.pipe(createRedactTransform(redactor)))).toBe('a\ufffdb\ufffd');
});

it('gives the same as a web stream', async () => {
  for (const size of [1, 5, 17]) {
    const pieces = input.match(new RegExp(`[^]{1,${String(size)}}`, 'g')) ?? [];
    const redacted = new ReadableStream<string>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    }).pipeThrough(redactor.createRedactStream());
    let output = '';
    for await (const piece of redacted) output += piece;
    expect(output).toBe(whole);
  }
});

it('counts what it masks and tells what it cannot look into', async () => {
  const transform = createRedactTransform(redactor);
  const zip = Buffer.from('\nPK\u0003\u0004rest');
  await text(Readable.from([Buffer.from(input), zip], { objectMode: false }).pipe(transform));
  expect(transform.counts.get('password')).toBe(1);
  expect(transform.counts.get('github_token')).toBe(1);
  expect([...transform.uninspected]).toEqual(['zip']);
});

it('refuses chunks of a text stream that are no text', async () => {
  const bytes = new ReadableStream<unknown>({
    start(controller) {
      controller.enqueue(Buffer.from('a'));
    },
  }) as ReadableStream<string>;
  const reader = bytes.pipeThrough(redactor.createRedactStream()).getReader();
  await expect(reader.read()).rejects.toMatchObject({ code: 'invalid_argument' });
});

it('shows nothing more of a stream that is broken off', async () => {
  const transform = createRedactTransform(redactor);
  let output = '';
  transform.on('data', (piece: Buffer) => (output += piece.toString()));
  transform.on('error', () => undefined);
  transform.write('start\npassword: hun');
  await new Promise((resolve) => setImmediate(resolve));
  transform.destroy(new Error('broken off'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(output).toBe('start\npassword: ');
});

it('masks in binary and lets it pass otherwise', async () => {
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256));
  const token = sampleToken('github-token');
  const source = Readable.from([bytes, Buffer.from(`\n${token}\n`), bytes], { objectMode: false });
  const output = await text(source.pipe(createRedactTransform(redactor)));
  expect(output).toContain('\n[REDACTED:github_token]\n');
  expect(output).not.toContain(token);
});
