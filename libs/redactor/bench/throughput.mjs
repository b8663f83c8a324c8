/**
 * Speed of redaction, by CPU time of this process: `node --conditions=@ae/source bench/throughput.mjs`.
 * Takes some 20 s. Texts are generated; code is what stands in this package.
 */
import { Redactor } from '@ae/redactor';
import { codeText, flat, logText } from './texts/sample-texts.mjs';

const MEGABYTE = 1_000_000;
const redactor = new Redactor();

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
  ['clean log', logText(size)],
  ['code', codeText(size)],
  ['a secret each KB', logText(size, 1000)],
  ['clean log, not Latin-1', flat('\u4e2d' + logText(size))],
]) {
  const whole = megabytesPerSecond(text, () => redactor.redact(text));
  const pieces = megabytesPerSecond(text, () => inPieces(text, 16_384));
  console.log(
    `${name.padEnd(24)} ${whole.padStart(5)} MB/s whole, ${pieces.padStart(5)} MB/s in pieces of 16 KiB`,
  );
}

for (const [name, text] of [
  ['4 KB clean', logText(4096)],
  ['4 KB dirty', logText(4096, 500)],
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
