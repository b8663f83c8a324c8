/**
 * Latency of a sandbox's life through E2B's unmodified SDK; beside it the start of Node alone, and
 * a hardened `docker run` of a shell and of Node where a Docker engine answers.
 * Usage: node bench/latency.mjs [rounds] [image with node; made of this machine's when absent]
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { sandboxImage } from '@ae/test-support';
import { Sandbox } from 'e2b';
import { startSandboxServer } from '../src/index.ts';

const rounds = Number(process.argv[2] ?? 30);
const samples = new Map();

async function measure(name, act) {
  const start = performance.now();
  const result = await act();
  samples.set(name, [...(samples.get(name) ?? []), performance.now() - start]);
  return result;
}

function quantile(name, q) {
  const sorted = [...samples.get(name)].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))].toFixed(1);
}

/** As the Docker backend starts its guests: nothing that a sandbox does not get. */
const HARDENED = [
  ...[
    'run',
    '--rm',
    '--network',
    'none',
    '--read-only',
    '--cap-drop',
    'ALL',
    '--user',
    '1000:1000',
  ],
  ...['--security-opt', 'no-new-privileges', '--pids-limit', '256', '--memory', '512m'],
];
const docker = (...args) => spawnSync('docker', args, { stdio: 'ignore' }).status === 0;
const image = docker('version') ? (process.argv[3] ?? sandboxImage()) : undefined;
if (image === undefined) console.log('docker run: not measured, no engine answers');

const server = await startSandboxServer();
const connection = { apiKey: 'bench', apiUrl: server.url, sandboxUrl: server.url };
try {
  for (let round = 0; round < rounds; round += 1) {
    const sandbox = await measure('create', () => Sandbox.create(connection));
    await measure('first run', () => sandbox.commands.run('true'));
    await measure('run', () => sandbox.commands.run('true'));
    await measure('upload 1 KiB', () => sandbox.files.write('f', 'x'.repeat(1024)));
    await measure('download 1 KiB', () => sandbox.files.read('f'));
    await measure('kill', () => sandbox.kill());
    await measure('node -e 0', () => spawnSync(process.execPath, ['-e', '0']));
    if (image === undefined) continue;
    await measure('docker run sh', () => docker(...HARDENED, image, 'sh', '-c', 'true'));
    await measure('docker run node', () => docker(...HARDENED, image, 'node', '-e', '0'));
  }
  const megabytes = 20;
  const big = new Blob([new Uint8Array(megabytes << 20)]);
  const sandbox = await Sandbox.create(connection);
  for (let round = 0; round < 3; round += 1) {
    await measure(`upload ${megabytes} MiB`, () =>
      sandbox.files.write('big', big, { useOctetStream: true }),
    );
    await measure(`download ${megabytes} MiB`, () =>
      sandbox.files.read('big', { format: 'bytes' }),
    );
  }
  await sandbox.kill();
  const atOnce = await measure('50 at once', () =>
    Promise.all(Array.from({ length: 50 }, () => Sandbox.create(connection))),
  );
  await measure('kill of 50', () => Promise.all(atOnce.map((one) => one.kill())));
} finally {
  await server.stop();
}
console.log(`backend ${server.backend}, ${rounds} rounds, load ${loadavg()[0].toFixed(2)}`);
for (const name of samples.keys()) {
  console.log(
    `${name.padEnd(16)} p50 ${quantile(name, 0.5).padStart(8)} ms   p95 ${quantile(name, 0.95).padStart(8)} ms`,
  );
}
