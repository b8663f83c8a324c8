/** Texts for benchmarks: generated from a seed, or the code of this package. */
import { readdirSync, readFileSync } from 'node:fs';

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

/** Lines of a log, at least `size` units; with a secret after every `secretEvery` units. */
export function logText(size, secretEvery = Infinity) {
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
  return flat(lines.join('\n'));
}

/** Code of this package, `size` units. */
export function codeText(size) {
  const root = new URL('../../src/', import.meta.url);
  const all = readdirSync(root, { recursive: true })
    .filter((name) => /^(?:engine|object).*(?<!\.spec)\.ts$/.test(name))
    .map((name) => readFileSync(new URL(name, root), 'utf8'))
    .join('\n');
  return flat(all.repeat(Math.ceil(size / all.length)).slice(0, size));
}

/** Joined texts are ropes; a round trip makes them flat, as text from a socket is. */
export function flat(text) {
  return Buffer.from(text).toString();
}
