import type { GuestUsage } from '../backends/backend.ts';
import type { SandboxRecord } from './sandbox-record.ts';

const INTERVAL_MS = 5_000;
/** Nobody has asked for this long: no more samples are taken. */
const INTEREST_MS = 60_000;
/** An hour's worth. */
const MOST_SAMPLES = 720;
const MIB = 1024 * 1024;

/** One look at what a sandbox uses. Sizes in bytes. */
export interface MetricsSample {
  readonly at: Date;
  readonly cpuCount: number;
  /** Percent of the processors it may use, since the last sample. */
  readonly cpuUsedPct: number;
  readonly memUsed: number;
  readonly memTotal: number;
  readonly memCache: number;
  readonly diskUsed: number;
  readonly diskTotal: number;
}

interface Watched {
  readonly record: SandboxRecord;
  readonly usage: () => Promise<GuestUsage>;
  readonly samples: MetricsSample[];
  askedAt: number;
  last: { readonly at: number; readonly cpuUs: number };
  sampling: Promise<void> | undefined;
}

/** What sandboxes use over time; looked at only while someone wants to know. */
export class MetricsSampler {
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;

  add(record: SandboxRecord, usage: () => Promise<GuestUsage>): void {
    const last = { at: record.startedAt.getTime(), cpuUs: 0 };
    this.#watched.set(record.id, {
      record,
      usage,
      samples: [],
      askedAt: -Infinity,
      last,
      sampling: undefined,
    });
  }

  remove(id: string): void {
    this.#watched.delete(id);
    if (this.#watched.size === 0) this.stop();
  }

  /** The samples of the last hour, oldest first, with one of now; none for an unknown id. */
  async samples(id: string): Promise<readonly MetricsSample[]> {
    const watched = this.#watched.get(id);
    if (watched === undefined) return [];
    watched.askedAt = Date.now();
    const newest = watched.samples.at(-1)?.at.getTime() ?? -Infinity;
    if (Date.now() - newest >= INTERVAL_MS) await this.#sample(watched);
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    return watched.samples;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const wanted = [...this.#watched.values()].filter(
      ({ askedAt }) => Date.now() - askedAt < INTEREST_MS,
    );
    if (wanted.length === 0) this.stop();
    for (const watched of wanted) void this.#sample(watched);
  }

  /** A slow backend is asked once at a time. */
  #sample(watched: Watched): Promise<void> {
    watched.sampling ??= this.#take(watched).finally(() => {
      watched.sampling = undefined;
    });
    return watched.sampling;
  }

  async #take(watched: Watched): Promise<void> {
    const { record, samples, last } = watched;
    let usage: GuestUsage;
    try {
      usage = await watched.usage();
    } catch {
      // It is ending.
      return;
    }
    const at = new Date();
    const cpuUs = usage.cpuUs ?? 0;
    const { limits } = record;
    const elapsedUs = Math.max(1, at.getTime() - last.at) * 1000;
    samples.push({
      at,
      cpuCount: Math.max(1, Math.round(limits.cpus)),
      cpuUsedPct: Math.max(0, ((cpuUs - last.cpuUs) / elapsedUs / limits.cpus) * 100),
      memUsed: usage.memoryBytes ?? 0,
      memTotal: limits.memoryMb * MIB,
      memCache: usage.cacheBytes ?? 0,
      diskUsed: usage.diskBytes ?? 0,
      diskTotal: limits.diskMb * MIB,
    });
    if (samples.length > MOST_SAMPLES) samples.shift();
    watched.last = { at: at.getTime(), cpuUs };
  }
}
