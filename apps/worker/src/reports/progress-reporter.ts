import { setTimeout as sleep } from 'node:timers/promises';
import type { RunProgress, RunStep } from '@ae/contracts';

type OutputEntry = NonNullable<RunProgress['output']>[number];

const BATCH_MS = 200;
const MAX_BATCH_CHARACTERS = 256 * 1024;
const MAX_BATCH_ENTRIES = 1000;
/** Output that waits while the control plane is slow or away, in UTF-16 units. */
const MAX_PENDING_CHARACTERS = 8 * 1024 * 1024;
const CLOSE_TIMEOUT_MS = 5000;
const OMITTED = '\n[output omitted: the control plane did not take it in time]\n';

/**
 * Tells the control plane what happens while it happens, in batches and in order. Best effort: a
 * batch that cannot be told is dropped, and never fails or delays the work.
 */
export class ProgressReporter {
  readonly #report: (progress: RunProgress) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #status: RunProgress['status'] = 'running';
  #steps: RunStep[] | undefined;
  #output: OutputEntry[] = [];
  #pendingCharacters = 0;
  #sending: Promise<void> | undefined;
  #closing = false;

  constructor(
    report: (progress: RunProgress) => Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.#report = report;
    this.#onFailure = onFailure;
  }

  /** Takes the steps as they are now; the caller may change them afterwards. */
  steps(steps: readonly RunStep[]): void {
    this.#steps = steps.map((step) => ({ ...step }));
    this.#schedule();
  }

  output(stream: OutputEntry['stream'], text: string): void {
    if (this.#pendingCharacters > MAX_PENDING_CHARACTERS) return;
    this.#pendingCharacters += text.length;
    const shown = this.#pendingCharacters > MAX_PENDING_CHARACTERS ? OMITTED : text;
    const last = this.#output.at(-1);
    if (last?.stream === stream && last.text.length < MAX_BATCH_CHARACTERS) last.text += shown;
    else this.#output.push({ stream, text: shown });
    this.#schedule();
  }

  /** Tells what is left, for at most five seconds. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#schedule();
    const timeout = new AbortController();
    await Promise.race([
      this.#sending,
      sleep(CLOSE_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
  }

  #schedule(): void {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (!this.#closing && this.#hasNews()) this.#schedule();
    });
  }

  async #send(): Promise<void> {
    for (let batch = 0; batch === 0 || this.#hasNews(); batch += 1) {
      if (!this.#closing) await sleep(BATCH_MS);
      const progress = this.#take();
      try {
        await this.#report(progress);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }

  #hasNews(): boolean {
    return this.#steps !== undefined || this.#output.length > 0;
  }

  #take(): RunProgress {
    const progress: RunProgress = {};
    if (this.#status) progress.status = this.#status;
    this.#status = undefined;
    if (this.#steps) progress.steps = this.#steps;
    this.#steps = undefined;
    const output = this.#takeOutput();
    if (output.length > 0) progress.output = output;
    return progress;
  }

  #takeOutput(): OutputEntry[] {
    const taken: OutputEntry[] = [];
    let room = MAX_BATCH_CHARACTERS;
    while (room > 0 && taken.length < MAX_BATCH_ENTRIES) {
      const next = this.#output.shift();
      if (!next) break;
      const text = beginning(next.text, room);
      if (text.length < next.text.length) {
        this.#output.unshift({ stream: next.stream, text: next.text.slice(text.length) });
      }
      taken.push({ stream: next.stream, text });
      room -= text.length;
      this.#pendingCharacters -= text.length;
      if (text.length < next.text.length) break;
    }
    return taken;
  }
}

/** At most `length` UTF-16 units of `text`, cut between characters. */
function beginning(text: string, length: number): string {
  if (text.length <= length) return text;
  const splitsPair = length > 1 && /[\ud800-\udbff]/.test(text.charAt(length - 1));
  return text.slice(0, splitsPair ? length - 1 : length);
}
