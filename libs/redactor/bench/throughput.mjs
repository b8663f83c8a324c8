/**
 * Speed of redaction, by CPU time of this process: `node --conditions=@ae/source bench/throughput.mjs`.
 * Takes some 20 s. Texts are generated; code is what stands in this package.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Redactor } from '@ae/redactor';

const MEGABYTE = 1_000_000;
const redactor = new Redactor();

let seed = 42;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 4294967296;
}
function pick(list) {
  return list[Math.floor(random() * list.length)];
}
function letters(count) {
  let text = '';
  while (text.length < count)
    text += pick('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789');
  return text;
}

const MESSAGES = [
  () => `GET /api/v1/runs/${letters(8)} 200 ${Math.floor(random() * 90)}ms`,
  () => `compiled src/${letters(6)}/index.ts in ${Math.floor(random() * 900)} ms`,
  () => `worker ${Math.floor(random() * 16)} picked up task ${letters(12)} from queue default`,
  () => `npm warn deprecated ${letters(7)}@2.1.0: this library is no longer supported`,
  () =>
    `connection to 10.0.${Math.floor(random() * 255)}.${Math.floor(random() * 255)}:5432 established, pool size 10`,
];
function log(size, secretEvery = Infinity) {
  const lines = [];
  let length = 0;
  let sinceSecret = 0;
  while (length < size) {
    let line = `2026-03-01T12:00:${String(length % 60).padStart(2, '0')}.000Z INFO  [app] ${pick(MESSAGES)()}`;
    if (sinceSecret > secretEvery) {
      line += pick([
        () => ` password=${letters(14)}1`,
        () => ` using ${'gh' + 'p_'}${letters(36)}`,
      ])();
      sinceSecret = 0;
    }
    lines.push(line);
    length += line.length + 1;
    sinceSecret += line.length + 1;
  }
  return lines.join('\n');
}
function code(size) {
  const root = new URL('../src/', import.meta.url);
  const all = readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => readFileSync(new URL(name, root), 'utf8'))
    .join('\n');
  return all.repeat(Math.ceil(size / all.length)).slice(0, size);
}

/** Joined texts are ropes; a round trip makes them flat, as text from a socket is. */
function flat(text) {
  return Buffer.from(text).toString();
}

function cpuSeconds(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function megabytesPerSecond(text, run) {
  run();
  let best = Infinity;
  for (let round = 0; round < 5; round++) best = Math.min(best, cpuSeconds(run));
  return (text.length / MEGABYTE / best).toFixed(0);
}

function inPieces(text, size) {
  const stream = redactor.createStream();
  for (let at = 0; at < text.length; at += size) stream.write(text.slice(at, at + size));
  stream.end();
}

const size = 8 * MEGABYTE;
for (const [name, text] of [
  ['clean log', flat(log(size))],
  ['code', flat(code(size))],
  ['a secret each KB', flat(log(size, 1000))],
  ['clean log, not Latin-1', flat('\u4e2d' + log(size))],
]) {
  const whole = megabytesPerSecond(text, () => redactor.redact(text));
  const pieces = megabytesPerSecond(text, () => inPieces(text, 16_384));
  console.log(
    `${name.padEnd(24)} ${whole.padStart(5)} MB/s whole, ${pieces.padStart(5)} MB/s in pieces of 16 KiB`,
  );
}

for (const [name, text] of [
  ['4 KB clean', flat(log(4096))],
  ['4 KB dirty', flat(log(4096, 500))],
]) {
  const times = [];
  for (let round = 0; round < 20_000; round++) {
    const from = process.hrtime.bigint();
    redactor.redact(text);
    times.push(Number(process.hrtime.bigint() - from) / 1e6);
  }
  times.sort((left, right) => left - right);
  console.log(
    `${name.padEnd(24)} p50 ${times[10_000].toFixed(4)} ms, p99 ${times[19_800].toFixed(4)} ms`,
  );
}

for (const [name, unit] of [
  ['ghp_', 'ghp_'],
  ['AKIA', 'AKIA'],
  ['password=', 'password='],
  ['password="', 'password="'],
  ['token: ', 'token: '],
  ['key names', 'password_token_secret_api_key_'],
  ['://', 'a://b:'],
  ['@', '://a@'],
  ['BEGIN', '-----BEGIN RSA PRIVATE KEY-----'],
  ['eyJ', 'eyJhbGciOi.'],
  ['hex', '0123456789abcdef'],
  ['-us', 'abcdef0-us'],
  ['Bearer', 'Bearer '],
  ['masks', '[REDACTED:'],
  ['quotes', 'secret="a\\"'],
  ['cookie', 'cookie: '],
  ['-eyJ', '-eyJhbGc'],
  ['JSON', '{"api_key":"'],
  ['userinfo', '://' + 'a:'.repeat(500)],
  ['spaces', 'password' + ' '.repeat(39)],
  ['glpat', 'glpat-'],
  ['escapes', 'token="' + '\\"'.repeat(1000)],
  ['prompt', 'pass: pwd: '],
]) {
  const text = flat(unit.repeat(Math.ceil(MEGABYTE / unit.length)));
  const seconds = Math.min(
    cpuSeconds(() => redactor.redact(text)),
    cpuSeconds(() => redactor.redact(text)),
  );
  console.log(`hostile 1 MB of ${name.padEnd(12)} ${(seconds * 1000).toFixed(0).padStart(5)} ms`);
}
