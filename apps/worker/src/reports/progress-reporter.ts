import { setTimeout as sleep } from 'node:timers/promises';
import type { RunProgress, RunStep } from '@ae/contracts';

type OutputEntry = NonNullable<RunProgress['output']>[number];

const BATCH_MS = 200;
const MAX_BATCH_CHARACTERS = 256 * 1024;
const MAX_BATCH_ENTRIES = 1000;
const MAX_BATCH_STEPS = 100;
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
  /** What is news of each step. */
  readonly #steps = new Map<string, RunStep>();
  #output: OutputEntry[] = [];
  #pendingCharacters = 0;
  #isOmitting = false;
  #sending: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(
    report: (progress: RunProgress) => Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.#report = report;
    this.#onFailure = onFailure;
  }

  /** Takes the steps as they are now; the caller may change them afterwards. */
  steps(steps: readonly RunStep[]): void {
    for (const step of steps) {
      this.#steps.set(`${step.started_at} ${step.name}`, { ...step });
    }
    this.#schedule();
  }

  output(stream: OutputEntry['stream'], text: string): void {
    const fits = this.#pendingCharacters + text.length <= MAX_PENDING_CHARACTERS;
    if (!fits && this.#isOmitting) return;
    this.#isOmitting = !fits;
    const shown = fits ? text : OMITTED;
    this.#pendingCharacters += shown.length;
    const last = this.#output.at(-1);
    if (last?.stream === stream && last.text.length < MAX_BATCH_CHARACTERS) last.text += shown;
    else this.#output.push({ stream, text: shown });
    this.#schedule();
  }

  /** Tells what is left, for at most five seconds. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#hasNews()) this.#schedule();
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
      if (this.#hasNews()) this.#schedule();
    });
  }

  async #send(): Promise<void> {
    for (let batch = 0; batch === 0 || this.#hasNews(); batch += 1) {
      await this.#pause();
      const progress = this.#take();
      try {
        await this.#report(progress);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }

  /** Lets more come together, unless nothing more will come. */
  async #pause(): Promise<void> {
    const { signal } = this.#closing;
    if (!signal.aborted) await sleep(BATCH_MS, undefined, { signal }).catch(() => undefined);
  }

  #hasNews(): boolean {
    return this.#steps.size > 0 || this.#output.length > 0;
  }

  #take(): RunProgress {
    const progress: RunProgress = {};
    if (this.#status) progress.status = this.#status;
    this.#status = undefined;
    const steps = [...this.#steps].slice(0, MAX_BATCH_STEPS);
    for (const [key] of steps) this.#steps.delete(key);
    if (steps.length > 0) progress.steps = steps.map(([, step]) => step);
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
