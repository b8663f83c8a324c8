import type { RedactionStream, RedactorPort } from './ports.ts';

export type OutputStream = 'stdout' | 'stderr';
export type OutputListener = (stream: OutputStream, text: string) => void;

/** Collects what a command prints, redacted before anything else sees it. */
export class RedactedOutput {
  readonly #streams: Record<OutputStream, RedactionStream>;
  readonly #text: Record<OutputStream, string> = { stdout: '', stderr: '' };
  readonly #onOutput: OutputListener | undefined;

  constructor(redactor: RedactorPort, onOutput?: OutputListener) {
    this.#streams = { stdout: redactor.createStream(), stderr: redactor.createStream() };
    this.#onOutput = onOutput;
  }

  write(stream: OutputStream, chunk: string): void {
    this.#pass(stream, this.#streams[stream].write(chunk));
  }

  end(): { stdout: string; stderr: string } {
    this.#pass('stdout', this.#streams.stdout.end());
    this.#pass('stderr', this.#streams.stderr.end());
    return { ...this.#text };
  }

  /** How many secrets of each kind were masked. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const stream of Object.values(this.#streams)) {
      for (const [kind, count] of stream.counts) counts[kind] = (counts[kind] ?? 0) + count;
    }
    return counts;
  }

  #pass(stream: OutputStream, text: string): void {
    if (text === '') return;
    this.#text[stream] += text;
    this.#onOutput?.(stream, text);
  }
}
