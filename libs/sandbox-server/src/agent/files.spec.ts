/** Files through the agent of a real guest: uploads of any size and form, metadata, odd names. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describeGuest, startGuest, until, type TestGuest } from '../testing/guest-fixture.ts';

const DISK_MB = 128;
/** The share of the home. */
const HOME_MB = (DISK_MB * 10) / 16;

describeGuest('files', () => {
  let guest: TestGuest;

  beforeAll(async () => {
    guest = await startGuest({ diskMb: DISK_MB });
  });

  afterAll(async () => {
    await guest.server.stop();
  });

  const octets = { 'content-type': 'application/octet-stream' };

  function form(files: Record<string, string | Blob>): RequestInit {
    const body = new FormData();
    for (const [name, data] of Object.entries(files)) body.append('file', new Blob([data]), name);
    return { method: 'POST', body };
  }

  /** What is left in a folder, with sizes. */
  async function left(folder: string): Promise<string> {
    return (await guest.run(`cd ${folder} 2>/dev/null && find . -type f -printf '%P %s\\n' | sort`))
      .stdout;
  }

  /** Sends a part of what was announced and breaks off. */
  async function breakOff(path: string, type: string, text: string): Promise<void> {
    const token = (guest.sandbox as unknown as { envdAccessToken: string }).envdAccessToken;
    const socket = connect(guest.server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      [
        `POST /files?path=${path} HTTP/1.1`,
        'host: x',
        `e2b-sandbox-id: ${guest.sandbox.sandboxId}`,
        `x-access-token: ${token}`,
        `content-type: ${type}`,
        'content-length: 1000000',
        '',
        text,
      ].join('\r\n'),
    );
    await until(async () => (await guest.run(`test -s ${path}`)).exitCode === 0);
    socket.destroy();
  }

  it('takes multi-part files as large as the disk, side by side', async () => {
    const large = new Blob([Buffer.alloc(66 << 20, 'large')]);
    const answer = await guest.request('/files', form({ 'one/large': large, 'two/small': 'x' }));
    expect(await answer.json()).toEqual([
      { path: '/home/user/one/large', name: 'large', type: 'file' },
      { path: '/home/user/two/small', name: 'small', type: 'file' },
    ]);
    expect(await left('.')).toBe(`one/large ${66 << 20}\ntwo/small 1\n`);
    await guest.run('rm -r one two');
  });

  it('takes a field of a form where the query names the file, and only there', async () => {
    const field = (): FormData => {
      const body = new FormData();
      body.append('other', 'ignored');
      body.append('file', 'content');
      return body;
    };
    const answer = await guest.request('/files?path=field', { method: 'POST', body: field() });
    expect(answer.status).toBe(200);
    expect(await guest.sandbox.files.read('field')).toBe('content');
    await guest.run('rm field');
    const nameless = await guest.request('/files', { method: 'POST', body: field() });
    expect(nameless.status).toBe(400);
    expect(await left('.')).toBe('');
  });

  it('takes a form that is compressed, and refuses what is not whole', async () => {
    const plain = new Response(form({ packed: 'content' }).body);
    const type = plain.headers.get('content-type') ?? '';
    const packed = gzipSync(Buffer.from(await plain.arrayBuffer()));
    const send = (body: Buffer): Promise<Response> =>
      guest.request('/files', {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'content-type': type, 'content-encoding': 'gzip' },
      });
    expect((await send(packed)).status).toBe(200);
    expect(await guest.sandbox.files.read('packed')).toBe('content');
    await guest.run('rm packed');
    for (const body of [packed.subarray(0, packed.length - 9), Buffer.from('nonsense')]) {
      expect((await send(body)).status).toBe(400);
    }
    expect(await left('.')).toBe('');
  });

  it.each([
    ['octets', () => ({ method: 'POST', body: Buffer.alloc(12 << 20), headers: octets })],
    [
      'a form',
      () => form({ 'full/first': 'x', 'full/deep/big': new Blob([Buffer.alloc(12 << 20)]) }),
    ],
    [
      'compressed octets',
      () => ({
        method: 'POST',
        body: gzipSync(Buffer.alloc(12 << 20)),
        headers: { ...octets, 'content-encoding': 'gzip' },
      }),
    ],
  ] as const)('leaves nothing of %s over the disk', async (name, request) => {
    const path = name === 'a form' ? '/files' : '/files?path=full/deep/big';
    await guest.run(`head -c ${HOME_MB - 8}M /dev/zero > filler`);
    const answer = await guest.request(path, request());
    expect(answer.status).toBe(507);
    await guest.run('rm filler');
    expect((await guest.run('ls -A')).stdout).toBe('');
  });

  it('leaves nothing of a caller that broke off', async () => {
    await breakOff('broken/octets', octets['content-type'], 'half');
    await until(async () => (await guest.run('test -e broken')).exitCode === 1);
    await breakOff(
      'broken/form',
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n${'half'.repeat(99)}`,
    );
    await until(async () => (await guest.run('test -e broken')).exitCode === 1);
    expect((await guest.run('ls -A')).stdout).toBe('');
  });

  it('empties a file whose new content did not arrive, and keeps all else', async () => {
    await guest.run('mkdir mine; echo old > mine/file; echo other > mine/other');
    await breakOff('mine/file', octets['content-type'], 'half');
    await until(async () => (await guest.run('test -s mine/file')).exitCode === 1);
    expect(await left('mine')).toBe('file 0\nother 6\n');
    await guest.run('rm -r mine');
  });

  it('keeps inode and mode of a file that is overwritten, and follows a link', async () => {
    await guest.run('echo old > script; chmod 755 script; ln -s script link; ln script twin');
    await guest.sandbox.files.write('link', 'new');
    expect((await guest.run('cat twin; stat -c %a script')).stdout).toBe('new755\n');
    await guest.run('rm script link twin');
  });

  it.each([
    ['a folder that is a file', 'plain/file', 400],
    ['a folder that cannot be made', '/0/1/2/file', 403],
    ['a program that runs', 'running', 400],
  ])('refuses %s', async (_name, path, status) => {
    await guest.run('echo > plain; cp /usr/bin/sleep running; ./running 60 & true');
    const answer = await guest.request(`/files?path=${path}`, {
      method: 'POST',
      body: 'x',
      headers: octets,
    });
    expect(answer.status).toBe(status);
    await guest.run('pkill running; rm -f plain running');
  });

  it('refuses more files at once than it can name', async () => {
    const parts = Array.from(
      { length: 10_001 },
      (_, index) =>
        `--x\r\ncontent-disposition: form-data; name="file"; filename="many/${index}"\r\n\r\n\r\n`,
    );
    const answer = await guest.request('/files', {
      method: 'POST',
      body: `${parts.join('')}--x--`,
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(answer.status).toBe(413);
    expect((await guest.run('ls -A')).stdout).toBe('');
  });

  describe('with metadata', () => {
    const noted = { author: 'ada', purpose: 'a test; of "all"' };

    it('are told of by every call, under every name', async () => {
      const { files } = guest.sandbox;
      for (const useOctetStream of [true, false]) {
        const info = await files.write('noted/file', 'x', { metadata: noted, useOctetStream });
        expect(info.metadata).toEqual(noted);
        expect((await files.getInfo('noted/file')).metadata).toEqual(noted);
        await files.write('noted/file', 'x');
        expect((await files.getInfo('noted/file')).metadata).toBeUndefined();
      }
      await files.writeFiles(
        [
          { path: 'noted/a', data: 'a' },
          { path: 'noted/b', data: 'b' },
        ],
        { metadata: noted },
      );
      await guest.run('ln -s a noted/link');
      expect((await files.list('noted')).map(({ name, metadata }) => [name, metadata])).toEqual([
        ['a', noted],
        ['b', noted],
        ['file', undefined],
        ['link', noted],
      ]);
      expect((await files.rename('noted/a', 'noted/moved')).metadata).toEqual(noted);
      await guest.run('mv noted/moved noted/again; mv noted/file noted/b');
      expect((await files.getInfo('noted/again')).metadata).toEqual(noted);
      expect((await files.getInfo('noted/b')).metadata).toBeUndefined();
      await guest.run('rm -r noted');
    });

    it.each<[string, Record<string, string>]>([
      ['a value that is not ASCII', { 'x-metadata-a': '\u00fc' }],
      ['no key', { 'x-metadata-': 'a' }],
      ['a long key', { [`x-metadata-${'k'.repeat(247)}`]: 'a' }],
      ['a long value', { 'x-metadata-a': 'v'.repeat(4087) }],
      [
        'many values',
        Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`x-metadata-${n}`, 'v'])),
      ],
    ])('are refused for %s, and not written', async (_name, headers) => {
      const answer = await guest.request('/files?path=unnoted', {
        method: 'POST',
        body: 'x',
        headers: { ...octets, ...headers },
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 400 });
      expect(await guest.sandbox.files.exists('unnoted')).toBe(false);
    });
  });

  describe('with names that are not UTF-8', () => {
    it('are listed, read, written, renamed and removed', async () => {
      const { files } = guest.sandbox;
      const names = "'a\\xff\\xfe' '\\x80' '\\xef\\xbe\\x80' plain";
      await guest.run(
        `mkdir -p bytes && cd bytes && for n in ${names}; do printf %b "$n" > "$(printf %b "$n")"; done`,
      );
      const listed = await files.list('bytes');
      expect(new Set(listed.map(({ name }) => name)).size).toBe(4);
      for (const { path } of listed) {
        const content = Buffer.from(await files.read(path, { format: 'bytes' }));
        const name = path.slice('/home/user/bytes/'.length);
        if (name === 'plain') expect(content.toString()).toBe('plain');
        await files.write(path, content.toString('hex'));
        expect(await files.read(path)).toBe(content.toString('hex'));
        await files.rename(path, `${path}.moved`);
        expect((await files.getInfo(`${path}.moved`)).size).toBe(2 * content.length);
      }
      expect((await guest.run("cd bytes; LC_ALL=C ls | od -An -c | tr -d ' \\n'")).stdout).toBe(
        'a377376.moved\\nplain.moved\\n200.moved\\n357276200.moved\\n',
      );
      for (const { path } of listed) await files.remove(`${path}.moved`);
      await files.remove('bytes');
      expect(await files.exists('bytes')).toBe(false);
    });
  });

  it('moves from one file system to another, whole or not at all', async () => {
    const { files } = guest.sandbox;
    await guest.run(
      'mkdir -p /tmp/a/b; echo x > /tmp/a/b/c; chmod 700 /tmp/a/b/c; ln -s c /tmp/a/b/l',
    );
    await files.rename('/tmp/a', 'moved/here');
    expect((await guest.run('cd moved/here/b; ls; stat -c %a c; cat l; ls /tmp')).stdout).toBe(
      'c\nl\n700\nx\n',
    );
    await guest.run('rm -r moved; head -c 30M /dev/zero > /tmp/big; head -c 60M /dev/zero > rest');
    await expect(files.rename('/tmp/big', 'big')).rejects.toThrow('no space left');
    expect((await guest.run('ls . /tmp; rm /tmp/big rest')).stdout).toBe(
      '.:\nrest\n\n/tmp:\nbig\n',
    );
  });

  it('knows the environment of its commands', async () => {
    expect(await (await guest.request('/envs')).json()).toMatchObject({
      E2B_SANDBOX_ID: guest.sandbox.sandboxId,
    });
    expect((await guest.request('/envs', { method: 'PUT' })).status).toBe(501);
  });
});
