/**
 * Keeps the first bytes of a command's two streams, within one allowance for both, and hands
 * each kept piece on at once. A character is never cut: one that does not fit is left out.
 */
export class OutputCapture {
  readonly #maxBytes: number;
  readonly #pieces = { stdout: [] as string[], stderr: [] as string[] };
  #kept = 0;
  #received = 0;
  #truncated = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  /** Bytes that came in, kept or not. */
  get received(): number {
    return this.#received;
  }

  text(stream: 'stdout' | 'stderr'): string {
    return this.#pieces[stream].join('');
  }

  /** Takes a piece in; answers the part of it that is kept. */
  add(stream: 'stdout' | 'stderr', piece: string): string {
    const bytes = Buffer.byteLength(piece);
    this.#received += bytes;
    if (this.#truncated) return '';
    const room = this.#maxBytes - this.#kept;
    const kept = bytes <= room ? piece : firstBytes(piece, room);
    if (kept !== piece) this.#truncated = true;
    this.#kept += Buffer.byteLength(kept);
    if (kept !== '') this.#pieces[stream].push(kept);
    return kept;
  }
}

/** The longest start of `text` that has at most `maxBytes` in UTF-8 and no half character. */
export function firstBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  let end = Math.max(0, Math.min(maxBytes, bytes.length));
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
