/**
 * HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a secret, truncated to 48 bits as 12 hex digits. Written out because the
 * platform's own is asynchronous in browsers.
 */
export function fingerprint(key: string, value: string): string {
  const encoder = new TextEncoder();
  let block = encoder.encode(key);
  if (block.length > 64) block = sha256(block);
  const padded = new Uint8Array(64);
  padded.set(block);
  const inner = sha256(
    concat(
      padded.map((byte) => byte ^ 0x36),
      encoder.encode(value),
    ),
  );
  const outer = sha256(
    concat(
      padded.map((byte) => byte ^ 0x5c),
      inner,
    ),
  );
  return Array.from(outer.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** The first 32 bits of the fractional parts of roots of the first primes, as FIPS 180-4 defines its constants. */
const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, index) => index).filter(
  (candidate) =>
    candidate > 1 &&
    !Array.from({ length: candidate }, (_, index) => index).some(
      (divisor) => divisor > 1 && divisor * divisor <= candidate && candidate % divisor === 0,
    ),
);
const ROUND = Uint32Array.from(PRIMES.slice(0, 64), (prime) => fraction(Math.cbrt(prime)));
const INITIAL = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

function fraction(root: number): number {
  return (root - Math.floor(root)) * 2 ** 32;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function sha256(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = (message.length + 9 + 63) & ~63;
  const data = new Uint8Array(length);
  data.set(message);
  data[message.length] = 0x80;
  const view = new DataView(data.buffer);
  view.setUint32(length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(length - 4, message.length << 3);
  const hash = INITIAL.slice();
  const words = new Uint32Array(64);
  const word = (index: number): number => words[index] as number;
  for (let offset = 0; offset < length; offset += 64) {
    for (let index = 0; index < 64; index++) {
      if (index < 16) {
        words[index] = view.getUint32(offset + index * 4);
        continue;
      }
      const early = word(index - 15);
      const late = word(index - 2);
      words[index] =
        word(index - 16) +
        (rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)) +
        word(index - 7) +
        (rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    for (let index = 0; index < 64; index++) {
      const first =
        (h +
          (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
          ((e & f) ^ (~e & g)) +
          (ROUND[index] as number) +
          word(index)) |
        0;
      const second =
        ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach(
      (value, index) => (hash[index] = (hash[index] as number) + value),
    );
  }
  const digest = new Uint8Array(32);
  const output = new DataView(digest.buffer);
  hash.forEach((value, index) => output.setUint32(index * 4, value));
  return digest;
}
