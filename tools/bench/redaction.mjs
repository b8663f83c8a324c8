/**
 * @ae/redactor beside others, in one run: speed, latency, and the memory of a long stream.
 *
 *   npm run bench -- redaction [--gigabytes 1]
 *
 * Peers: secretlint with its recommended preset (it reports places, so its masking is the cheapest
 * there is), and fifteen regular expressions as most teams have them. Secretlint is given smaller
 * texts, for it takes seconds otherwise; a figure is per megabyte all the same.
 */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';

import { Redactor } from '@ae/redactor';
import { createRedactTransform } from '@ae/redactor/node';

import { codeText, logText } from '../../libs/redactor/bench/texts/sample-texts.mjs';
import { fifteenExpressions, secretlint } from './peers/redaction-peers.mjs';

const MEGABYTE = 1_000_000;
const { values } = parseArgs({ options: { gigabytes: { type: 'string', default: '1' } } });

// --- the tools: each takes text and gives it back masked ---------------------------------------

const redactor = new Redactor();

const TOOLS = [
  { name: '@ae/redactor', redact: (text) => redactor.redact(text), megabytes: 8 },
  { name: 'fifteen expressions', redact: fifteenExpressions, megabytes: 8 },
  { name: 'secretlint 13, recommended', redact: secretlint, megabytes: 1 },
];

// --- speed -------------------------------------------------------------------------------------

async function cpuSeconds(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function megabytesPerSecond({ redact, megabytes }, textOf) {
  const text = textOf(megabytes * MEGABYTE);
  await redact(text);
  let best = Infinity;
  for (let round = 0; round < 5; round++)
    best = Math.min(best, await cpuSeconds(() => redact(text)));
  return text.length / MEGABYTE / best;
}

const TEXTS = {
  'clean log': (size) => logText(size),
  code: (size) => codeText(size),
  'a secret each KB': (size) => logText(size, 1000),
};
const speeds = {};
for (const tool of TOOLS) {
  speeds[tool.name] = {};
  for (const [name, textOf] of Object.entries(TEXTS)) {
    const speed = await megabytesPerSecond(tool, textOf);
    speeds[tool.name][`${name}, MB/s`] = Number(speed.toPrecision(3));
  }
}
console.log('\nMegabytes per second of CPU, best of five');
console.table(speeds);

// --- latency -----------------------------------------------------------------------------------

const latencies = {};
for (const { name, redact } of TOOLS) {
  latencies[name] = {};
  for (const [kind, text] of [
    ['clean', logText(4096)],
    ['dirty', logText(4096, 500)],
  ]) {
    const times = [];
    for (let round = 0; round < 4000; round++) {
      const from = process.hrtime.bigint();
      await redact(text);
      times.push(Number(process.hrtime.bigint() - from) / 1e6);
    }
    times.sort((left, right) => left - right);
    latencies[name][`4 KB ${kind} p50, ms`] = Number(times[2000].toPrecision(2));
    latencies[name][`4 KB ${kind} p99, ms`] = Number(times[3960].toPrecision(2));
  }
}
console.log('\nTime for a text of 4 KB');
console.table(latencies);

// --- memory ------------------------------------------------------------------------------------

const total = Number(values.gigabytes) * 1000 * MEGABYTE;
const chunk = Buffer.from(logText(64 * 1024, 1000));
const transform = createRedactTransform(new Redactor());
let written = 0;
const sink = new Writable({
  write(piece, _encoding, done) {
    written += piece.length;
    done();
  },
});
transform.pipe(sink);
let heap = 0;
let rss = 0;
const began = process.cpuUsage();
for (let sent = 0; sent < total; sent += chunk.length) {
  if (!transform.write(chunk)) await once(transform, 'drain');
  if (sent % (256 * chunk.length) !== 0) continue;
  const usage = process.memoryUsage();
  heap = Math.max(heap, usage.heapUsed);
  rss = Math.max(rss, usage.rss);
}
transform.end();
await once(sink, 'finish');
const { user, system } = process.cpuUsage(began);
console.log(`\nA stream of ${values.gigabytes} GB in chunks of 64 KiB, a secret each KB`);
console.table({
  '@ae/redactor': {
    'MB/s of CPU': Math.round(total / MEGABYTE / ((user + system) / 1e6)),
    'heap at most, MB': Math.round(heap / MEGABYTE),
    'resident at most, MB': Math.round(rss / MEGABYTE),
    'written, MB': Math.round(written / MEGABYTE),
  },
});
