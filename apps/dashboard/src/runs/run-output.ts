import type { Event } from '@ae/contracts';

export type Output = Extract<Event, { type: 'run.output' }>['data'];
export type OutputChunk = Pick<Output, 'stream' | 'text'>;

export interface KeptOutput {
  chunks: readonly OutputChunk[];
  /** Whether the beginning was dropped to keep the rest. */
  cut: boolean;
  /** UTF-16 units in `chunks`. */
  size: number;
}

/** Most that is kept of one run, in UTF-16 units. */
const MOST_PER_RUN = 262_144;
/** Most runs that are kept; the one that has been silent for longest is dropped. */
const MOST_RUNS = 50;

/** What runs printed since the page was opened, redacted by the control plane. */
export class RunOutput {
  readonly #runs = new Map<string, KeptOutput>();
  readonly #listeners = new Set<() => void>();

  append({ run_id, stream, text }: Output): void {
    const before = this.#runs.get(run_id);
    const chunks = [...(before?.chunks ?? [])];
    const last = chunks.at(-1);
    if (last?.stream === stream) chunks[chunks.length - 1] = { stream, text: last.text + text };
    else chunks.push({ stream, text });
    this.#runs.delete(run_id);
    this.#runs.set(run_id, bounded(chunks, (before?.size ?? 0) + text.length, before?.cut));
    const oldest = this.#runs.keys().next();
    if (this.#runs.size > MOST_RUNS && !oldest.done) this.#runs.delete(oldest.value);
    for (const listener of this.#listeners) listener();
  }

  of(runId: string): KeptOutput | undefined {
    return this.#runs.get(runId);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

function bounded(chunks: OutputChunk[], size: number, cut = false): KeptOutput {
  let excess = size - MOST_PER_RUN;
  if (excess <= 0) return { chunks, cut, size };
  const kept: OutputChunk[] = [];
  for (const chunk of chunks) {
    const drop = Math.min(Math.max(excess, 0), chunk.text.length);
    excess -= drop;
    if (drop < chunk.text.length) kept.push({ ...chunk, text: chunk.text.slice(drop) });
  }
  return { chunks: kept, cut: true, size: MOST_PER_RUN };
}
