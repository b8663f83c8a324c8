import fc from 'fast-check';
import { boundaryOf, multipart } from './multipart.ts';

interface File {
  name: string;
  fileName: string | undefined;
  content: Buffer;
}

async function* inChunks(body: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < body.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? body.length;
    yield await Promise.resolve(body.subarray(at, at + size));
    at += size;
  }
}

async function parsed(body: Buffer, boundary: string, sizes = [body.length]): Promise<File[]> {
  const files: File[] = [];
  for await (const { name, fileName, content } of multipart(inChunks(body, sizes), boundary)) {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    files.push({ name, fileName, content: Buffer.concat(pieces) });
  }
  return files;
}

/** What a platform's own encoder makes of the files, as E2B's SDK does. */
async function encoded(files: readonly File[]): Promise<{ body: Buffer; boundary: string }> {
  const form = new FormData();
  for (const { name, fileName, content } of files) {
    if (fileName === undefined) form.append(name, content.toString('latin1'));
    else form.append(name, new Blob([new Uint8Array(content)]), fileName);
  }
  const request = new Response(form);
  return {
    boundary: boundaryOf(request.headers.get('content-type') ?? ''),
    body: Buffer.from(await request.arrayBuffer()),
  };
}

/** Bytes of which many look like the beginning of a delimiter. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('\r', '\n', '\r\n', '\r\n-', '\r\n--', '\r\n--x', '--x', 'x\r\n--x')
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.concat(pieces));
const fieldName = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });
const file = fc.record<File>({
  name: fc.oneof(fc.constant('file'), fieldName),
  // The platform leaves an empty one out.
  fileName: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  content,
});

const part = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
const WHOLE = '--x\nContent-Disposition: form-data; name="file"; filename="a"\n\nA\n--x--\n';

describe('a multi-part body', () => {
  it('is read as it was written by the platform, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        async (files, sizes) => {
          const { body, boundary } = await encoded(files);
          expect(await parsed(body, boundary, sizes)).toEqual(files);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps content that looks like its delimiter', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 9 }), async (bytes, size) => {
        fc.pre(
          !Buffer.concat([Buffer.from('\r\n'), bytes, Buffer.from('\r\n')]).includes('\r\n--xyz'),
        );
        const body = Buffer.concat([
          part('--xyz\nContent-Disposition: form-data; name="file"; filename="a"\n\n'),
          bytes,
          part('\n--xyz--'),
        ]);
        expect(await parsed(body, 'xyz', [size])).toEqual([
          { name: 'file', fileName: 'a', content: bytes },
        ]);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused whole when it is cut anywhere before its end', async () => {
    const body = part(WHOLE);
    for (let length = 0; length < body.length - 2; length += 1) {
      await expect(parsed(body.subarray(0, length), 'x', [5])).rejects.toThrow('cannot be read');
    }
    expect(await parsed(body, 'x', [5])).toHaveLength(1);
  });

  it('skips what of a part was not read', async () => {
    const body = part(
      [1, 2, 3]
        .map((n) => `--x\nContent-Disposition: form-data; name="${n}"\n\n${'y'.repeat(100)}\n`)
        .join('') + '--x--',
    );
    const names: string[] = [];
    for await (const { name, content: bytes } of multipart(inChunks(body, [7]), 'x')) {
      names.push(name);
      if (name === '2') for await (const piece of bytes) if (piece.length > 0) break;
    }
    expect(names).toEqual(['1', '2', '3']);
  });

  it('hands on a large file as it comes', async () => {
    const chunk = Buffer.alloc(1 << 20, 'z');
    let sent = 0;
    async function* large(): AsyncGenerator<Buffer> {
      yield part('--x\nContent-Disposition: form-data; name="file"; filename="a"\n\n');
      for (; sent < 256 << 20; sent += chunk.length) yield await Promise.resolve(chunk);
      yield part('\n--x--');
    }
    let seen = 0;
    let held = 0;
    for await (const { content: bytes } of multipart(large(), 'x')) {
      for await (const piece of bytes) {
        seen += piece.length;
        held = Math.max(held, sent - seen);
      }
    }
    expect(seen).toBe(256 << 20);
    expect(held).toBeLessThan(100);
  });

  it.each([
    ['nothing', ''],
    ['another boundary', WHOLE.replace('--x', '--y')],
    ['words before it', `hello\n${WHOLE}`],
    ['no headers', '--x\n\nA\n--x--'],
    ['a part without a name', '--x\nContent-Disposition: form-data\n\nA\n--x--'],
    ['an attachment', '--x\nContent-Disposition: attachment; name="file"\n\nA\n--x--'],
    ['a header without a colon', '--x\nContent-Disposition\n\nA\n--x--'],
    ['a boundary that goes on', WHOLE.replace('--x--', '--xy')],
    ['headers without an end', `--x\nA: ${'b'.repeat(20_000)}`],
    ['headers of many lines', `--x\n${'A: b\n'.repeat(5_000)}\nA\n--x--`],
    ['names without an end', `--x\n${'b'.repeat(1 << 20)}`],
  ])('is refused: %s', async (_name, body) => {
    await expect(parsed(part(body), 'x', [1000])).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it.each([
    ['a name in a name', 'name="x; filename="; filename="real"', 'x; filename=', 'real'],
    ['no quotes', 'name=file; filename=a.txt', 'file', 'a.txt'],
    ['escapes', 'name="%22"; filename="%41%0d%0A%22\\"', '"', '%41\r\n"\\'],
    ['other letters', 'NAME="file";FileName="ü"', 'file', 'ü'],
  ])('names its parts: %s', async (_name, parameters, name, fileName) => {
    const body = Buffer.from(
      `--x\r\ncontent-disposition: form-data; ${parameters}\r\n\r\nA\r\n--x--`,
    );
    expect(await parsed(body, 'x')).toMatchObject([{ name, fileName }]);
  });
});

describe('boundaryOf', () => {
  it('reads a token and a quoted string', () => {
    expect(boundaryOf('multipart/form-data; boundary=a-b')).toBe('a-b');
    expect(boundaryOf('multipart/form-data; charset=utf-8; Boundary="a b"')).toBe('a b');
  });

  it.each([
    '',
    'multipart/form-data',
    '; boundary=',
    '; boundary=""',
    `; boundary=${'x'.repeat(71)}`,
    '; boundary="a\u0000"',
  ])('refuses %j', (type) => {
    expect(() => boundaryOf(type)).toThrow('no boundary');
  });
});
