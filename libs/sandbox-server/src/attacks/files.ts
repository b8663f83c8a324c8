/** Files that are not what they seem, and more of them than anyone bargained for. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { seen, type Attack, type AttackFamily } from './attack.ts';
import type { Answer } from './guest-session.ts';

const MIB = 1024 * 1024;

/** Refused for what it is: an error of the protocol that is the caller's, not the server's. */
function isRefused({ status }: Answer): boolean {
  return status >= 400 && status < 500;
}

const links: Attack = {
  name: 'links to files of the host',
  expected: 'they lead nowhere but into the guest',
  attempt: async ({ guest, server: { secret, secretFile } }) => {
    await guest.run(
      `ln -sf ${secretFile} leak; ln -sf /proc/1/root/${secretFile} leak2; ln -sfn / all; ln -sf /etc/passwd pw; ln -sf loop2 loop; ln -sf loop loop2`,
    );
    const reads = ['leak', 'leak2', `all${secretFile}`, `../../../../../..${secretFile}`];
    const read = await Promise.all(reads.map((path) => guest.read(path)));
    const written = await guest.write('pw', 'x');
    const through = await guest.write('leak', 'x');
    const loop = await Promise.all([guest.read('loop'), guest.write('loop', 'x')]);
    return seen(`${read.map(({ status }) => status).join(' ')}, write ${written.status}`, {
      'a link was followed': read.some(({ status }) => status !== 404),
      'the guest`s own passwd was written': written.status !== 403,
      'a write went through a link': ![403, 404].includes(through.status),
      'a loop was not refused': !loop.every(isRefused),
      'the host`s file has changed': readFileSync(secretFile, 'utf8') !== secret,
    });
  },
};

const specialFiles: Attack = {
  name: 'reading and writing fifos, devices and sockets',
  expected: 'refused at once, nothing blocks',
  attempt: async ({ guest }) => {
    await guest.run('rm -f pipe; mkfifo pipe');
    const paths = ['pipe', '/dev/zero', '/dev/tty', '/dev/full', '/dev/random', '/proc/self/fd/0'];
    const answers = await Promise.all(
      paths.flatMap((path) => [guest.read(path), guest.write(path, 'x')]),
    );
    return seen(answers.map(({ status }) => status).join(' '), {
      'not refused': !answers.slice(0, 8).every(isRefused),
      'blocked or failed': answers.some(({ status }) => status === 0),
    });
  },
};

const uploadRace: Attack = {
  name: 'folders swapped for links during uploads',
  expected: 'no write leaves the guest',
  attempt: async ({ guest, server: { folder } }) => {
    const swapping = await guest.start(
      'while :; do ln -sfn / race; rm -f race; mkdir race 2>/dev/null; rm -rf race; done',
    );
    const target = `${folder.slice(1)}/written-${randomBytes(4).toString('hex')}`;
    const answers: Answer[] = [];
    for (let attempt = 0; attempt < 100; attempt += 1) {
      answers.push(await guest.write(`race/${target}`, 'x'));
    }
    await guest.end(swapping);
    const found = readdirSync(folder);
    return seen(`100 uploads, the host's folder holds ${found.join(' ')}`, {
      'written on the host': found.join(' ') !== 'secret',
      'no answer': answers.some(({ status }) => status === 0),
    });
  },
};

const downloadRace: Attack = {
  name: 'files and folders swapped for links during downloads',
  expected: 'no byte of the host is read',
  attempt: async ({ guest, server: { folder, secret } }) => {
    const swapping = await guest.start(
      `mkdir -p own${folder}; echo own > own${folder}/secret
       while :; do ln -sfn / down; ln -sfn own down; ln -sfn /proc/1/root down; ln -sfn /proc/$PPID/cwd down; done`,
    );
    const answers: Answer[] = [];
    for (let attempt = 0; attempt < 100; attempt += 1) {
      answers.push(await guest.read(`down${folder}/secret`));
    }
    await guest.end(swapping);
    const own = answers.filter(({ status }) => status === 200).length;
    return seen(`100 downloads, ${own} of its own file`, {
      'a file of the host': answers.some(({ body }) => body.includes(secret)),
      'no answer': answers.some(({ status }) => status === 0),
    });
  },
};

const dots: Attack = {
  name: 'paths with `..`, NUL, line feeds, options and broken UTF-8',
  expected: 'they stay in the guest or are refused',
  attempt: async ({ guest, server: { secret, secretFile } }) => {
    const up = '../'.repeat(40);
    const answers = [
      await guest.read(`${up}${secretFile}`),
      await guest.read(`/home/user/${up}${secretFile}`),
      await guest.request('GET', `/files?path=${'%2e%2e%2f'.repeat(40)}${secretFile.slice(1)}`),
      await guest.read('a\0b'),
      await guest.write('a\0b', 'x'),
      await guest.write('', 'x'),
      await guest.call('filesystem.Filesystem/Move', {
        source: `${up}etc/hosts`,
        destination: `${up}tmp/hosts`,
      }),
      await guest.call('filesystem.Filesystem/Remove', { path: `${up}etc/passwd` }),
    ];
    await guest.run(
      `mkdir -p odd; cd odd; touch -- -rf; touch $'line\\nfeed' $'bad\\xff\\xfe'; touch ../kept`,
    );
    const listed = await guest.call('filesystem.Filesystem/ListDir', { path: 'odd', depth: 1 });
    await guest.call('filesystem.Filesystem/Remove', { path: 'odd/-rf' });
    const left = await guest.lines('ls kept; [ -e odd/-rf ] || echo removed');
    return seen(answers.map(({ status }) => status).join(' '), {
      'a file of the host': answers.some(({ body }) => body.includes(secret)),
      'not refused': !answers.every(isRefused),
      'a folder that cannot be listed': listed.status !== 200,
      'another file was removed': left.join(' ') !== 'kept removed',
    });
  },
};

const longNames: Attack = {
  name: 'names of 256 bytes, paths of 5,000, 400 levels',
  expected: 'refused by the caller`s fault, or served',
  attempt: async ({ guest }) => {
    const deep = Array<string>(400).fill('ddddddddd').join('/');
    const [longest, tooLong, path, levels] = [
      await guest.write('n'.repeat(255), 'x'),
      await guest.write('n'.repeat(256), 'x'),
      await guest.write(`/home/user/${'p/'.repeat(2500)}f`, 'x'),
      await guest.write(`${deep}/f`, 'x'),
    ];
    const removed = await guest.call('filesystem.Filesystem/Remove', { path: 'ddddddddd' });
    await guest.run(`rm -rf ~/n* ~/p`);
    const statuses = [longest, tooLong, path, levels, removed].map(({ status }) => status);
    return seen(statuses.join(' '), {
      'a name of 255 bytes was refused': longest.status !== 200,
      'a name of 256 bytes was not refused': !isRefused(tooLong),
      'a path of 5,000 bytes was not refused': !isRefused(path),
      '400 levels were not served': levels.status !== 200 || removed.status !== 200,
    });
  },
};

const manyFiles: Attack = {
  name: 'a folder of 10,000 files',
  expected: 'listed whole, the server answers meanwhile',
  long: true,
  attempt: async ({ guest, server }) => {
    await guest.run('mkdir many; cd many; for i in $(seq 10000); do : > $i; done');
    const progress = { isListing: true };
    let slowestMs = 0;
    const listed = guest
      .call('filesystem.Filesystem/ListDir', { path: 'many', depth: 1 })
      .finally(() => (progress.isListing = false));
    while (progress.isListing) {
      const started = Date.now();
      await fetch(`${server.url}/health`, { signal: AbortSignal.timeout(10_000) });
      slowestMs = Math.max(slowestMs, Date.now() - started);
    }
    const { body } = await listed;
    const { entries } = JSON.parse(body) as { entries?: unknown[] };
    await guest.run('rm -rf many');
    return seen(`${entries?.length ?? 0} entries`, {
      'not all of them': entries?.length !== 10_000,
      'the server hung': slowestMs > 5_000,
    });
  },
};

const sparse: Attack = {
  name: 'sparse files of 400 GB',
  expected: 'refused by the size of a file, no disk is used',
  needs: ['truncate', 'stat', 'du'],
  attempt: async ({ guest, server: { limits } }) => {
    const { stdout } = await guest.run(
      `truncate -s 400G huge 2>/dev/null && echo MADE; truncate -s ${limits.diskMb}M ~/sparse && dd if=/dev/zero of=sparse bs=1M seek=$((${limits.diskMb} * 2)) count=1 status=none 2>/dev/null && echo MADE
       stat -c %s huge sparse 2>/dev/null | tr '\\n' ' '; du -sm sparse | cut -f1; rm -f huge sparse`,
    );
    const sizes = stdout.match(/\d+/g)?.map(Number) ?? [];
    return seen(stdout, {
      'larger than a file may be': stdout.includes('MADE'),
      'a large size': sizes.some((size) => size > limits.diskMb * MIB),
    });
  },
};

const zipBomb: Attack = {
  name: 'a zip bomb on upload (100 MiB in 0.4 MiB)',
  expected: '507, and the sandbox lives on',
  spoils: true,
  attempt: async ({ guest, server: { limits } }) => {
    const { status } = await guest.writeCompressed('bomb', Buffer.alloc(100 * MIB));
    const [used] = await guest.lines('wc -c < bomb');
    return seen(`${status}, ${used ?? 'no'} bytes kept`, {
      'not refused as too large': status !== 507,
      'more than its disk': Number(used) > limits.diskMb * MIB,
      'the sandbox is gone': !(await guest.isAlive()),
    });
  },
};

const brokenArchive: Attack = {
  name: 'an upload whose compression is broken, or ends early',
  expected: 'refused, and the next one served',
  attempt: async ({ guest }) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' };
    const target = '/files?path=broken';
    const answers = [
      await guest.request('POST', target, { headers, body: 'not gzip at all' }),
      await guest.request('POST', target, {
        headers,
        body: new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1]),
      }),
    ];
    const next = await guest.write('broken', 'x');
    return seen(answers.map(({ status }) => status).join(' '), {
      'not refused': !answers.every(({ status }) => status >= 400),
      'no answer': answers.some(({ status }) => status === 0),
      'the next one failed': next.status !== 200,
    });
  },
};

export const FILE_ATTACKS: AttackFamily = {
  name: 'files',
  attacks: [
    links,
    specialFiles,
    uploadRace,
    downloadRace,
    dots,
    longNames,
    manyFiles,
    sparse,
    zipBomb,
    brokenArchive,
  ],
};
