import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InitMessage } from '../agent/init-message.ts';
import type { Backend, Guest, GuestLimits } from '../backends/backend.ts';
import { GuestChannel } from '../backends/guest-channel.ts';
import { EGRESS_PORT } from '../egress/egress-port.ts';
import { EgressProxy, type EgressEnvironment } from '../egress/egress-proxy.ts';
import type { NetworkSetting } from '../egress/network-setting.ts';
import type { EventLog } from '../events/event-log.ts';
import type { EventDetails } from '../events/server-event.ts';
import { reasonOf, type Log } from '../logs/log-line.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Template } from '../templates/template.ts';
import type { TemplateCatalog } from '../templates/template-catalog.ts';
import { Admission, type Quota, type Share } from './admission.ts';
import { watchAgent } from './agent-watch.ts';
import { LaunchQueue } from './launch-queue.ts';
import { availableMemoryMb } from './machine-memory.ts';
import { MetricsSampler } from './metrics-sampler.ts';
import { NoCapacityError } from './no-capacity-error.ts';
import type { SandboxRecord } from './sandbox-record.ts';

export interface CreateRequest {
  readonly template: Template;
  readonly network: NetworkSetting;
  /** The caller asked for the default network, whatever that is here. */
  readonly wantsInternet: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly envs: Readonly<Record<string, string>>;
  readonly secure: boolean;
  /** How long it may live, in milliseconds; the time it is paused does not count. */
  readonly timeoutMs: number;
  readonly onTimeout: 'kill' | 'pause';
  readonly autoResume: boolean;
}

export interface RegistrySettings {
  readonly quota: Quota;
  readonly limits: GuestLimits;
  /** Bytes of output of one command that are handed on. */
  readonly maxOutputBytes: number;
  /** How long a guest may take to answer after its start, in milliseconds. */
  readonly launchTimeoutMs: number;
  readonly egress: EgressEnvironment;
  /** How long an agent may be silent before its sandbox is ended, in milliseconds. */
  readonly agentTimeoutMs: number;
  /** How long a sandbox may be paused before it is ended, in milliseconds. */
  readonly maxPauseMs: number;
  /** How long running commands may go on once the server is to stop, in milliseconds. */
  readonly stopGraceMs: number;
  readonly templates: TemplateCatalog;
}

interface Entry {
  readonly record: SandboxRecord;
  readonly guest: Guest;
  /** Of a sandbox that was created with an allowlist. */
  readonly egress: EgressProxy | undefined;
  readonly watch: { stop(): void };
  readonly share: Share;
  /** Ends it, or pauses it, when its time is over. */
  expiry: NodeJS.Timeout;
  /** The time it was last given, in milliseconds. */
  timeoutMs: number;
  /** What is left of its time while it is paused, in milliseconds. */
  remainingMs: number;
  /** Pauses and resumes one after another. */
  turn: Promise<unknown>;
}

type EndCause = Extract<EventDetails, { type: 'ended' }>['cause'];

/** Sandboxes that are started at the same time, for each processor. */
const LAUNCHES_PER_PROCESSOR = 2;
/** What is not gone by then is left to the backend and its warden. */
const STOP_PATIENCE_MS = 10_000;

/** A sandbox that was created without network has no way out that could be opened. */
export class NoEgressError extends Error {}

/** The sandboxes of one server: created, found, given time, paused, killed. */
export class SandboxRegistry {
  readonly templates: TemplateCatalog;
  readonly events: EventLog;
  readonly metrics = new MetricsSampler();
  readonly #backend: Backend;
  readonly #settings: RegistrySettings;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #queue = new LaunchQueue(LAUNCHES_PER_PROCESSOR * availableParallelism());
  readonly #entries = new Map<string, Entry>();
  readonly #launching = new Set<Promise<unknown>>();
  #stopping = false;

  constructor(backend: Backend, settings: RegistrySettings, events: EventLog, log: Log) {
    this.templates = settings.templates;
    this.#backend = backend;
    this.#settings = settings;
    this.events = events;
    this.#log = log;
    this.#admission = new Admission(settings.quota, availableMemoryMb);
  }

  /**
   * @throws NoCapacityError when the server is full or stopping
   * @throws SandboxServerError `launch_failed`
   */
  async create(request: CreateRequest): Promise<SandboxRecord> {
    this.#refuseWhileStopping();
    const limits = { ...this.#settings.limits, ...request.template.limits };
    let share: Share;
    try {
      share = this.#admission.admit(limits);
    } catch (error) {
      this.#log('warn', 'sandbox refused', { reason: reasonOf(error) });
      throw error;
    }
    const launch = this.#queue.run(() => this.#launch(request, limits, share));
    this.#launching.add(launch);
    try {
      return await launch;
    } catch (error) {
      share.release();
      this.#log('error', 'sandbox not started', { reason: reasonOf(error) });
      throw error;
    } finally {
      this.#launching.delete(launch);
    }
  }

  get(id: string): SandboxRecord | undefined {
    return this.#entries.get(id)?.record;
  }

  list(): SandboxRecord[] {
    return [...this.#entries.values()].map(({ record }) => record);
  }

  /** Gives the sandbox `timeoutMs` from now, or from its resumption; false when there is none. */
  setTimeout(id: string, timeoutMs: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.timeoutMs = timeoutMs;
    entry.record.endAt = new Date(Date.now() + timeoutMs);
    if (entry.record.state === 'paused') entry.remainingMs = timeoutMs;
    else this.#expireIn(entry, timeoutMs);
    return true;
  }

  /**
   * Replaces what the sandbox may reach; false when there is none of that id.
   *
   * @throws NoEgressError
   */
  setNetwork(id: string, network: NetworkSetting): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    if (entry.egress === undefined && network.mode !== 'none') {
      throw new NoEgressError('a sandbox that was created without network cannot get one');
    }
    entry.egress?.allow(network.mode === 'none' ? [] : network.entries);
    entry.record.network = network;
    return true;
  }

  /**
   * Freezes a sandbox where it is.
   *
   * @returns false when it is paused already, undefined when there is none of that id
   * @throws SandboxServerError `pause_failed`; it runs on
   */
  async pause(id: string): Promise<boolean | undefined> {
    return this.#inTurn(id, async (entry) => {
      const { record, guest, share } = entry;
      if (record.state === 'paused') return false;
      await guest.freeze();
      if (!this.#isCurrent(entry)) return undefined;
      record.state = 'paused';
      entry.remainingMs = Math.max(0, record.endAt.getTime() - Date.now());
      clearTimeout(entry.expiry);
      entry.expiry = setTimeout(() => void this.kill(id, 'timeout'), this.#settings.maxPauseMs);
      share.pause();
      this.events.add(record, { type: 'paused' });
      return true;
    });
  }

  /**
   * Lets a paused sandbox run on, for what was left of its time, or for as long as it was last
   * given when nothing was left; for at least `leastMs` in any case.
   *
   * @returns false when it runs already, undefined when there is none of that id
   * @throws NoCapacityError, SandboxServerError `pause_failed`
   */
  async resume(id: string, leastMs = 0): Promise<boolean | undefined> {
    this.#refuseWhileStopping();
    return this.#inTurn(id, async (entry) => {
      const { record, guest, share } = entry;
      if (record.state === 'running') return false;
      share.resume();
      try {
        await guest.thaw();
      } catch (error) {
        share.pause();
        throw error;
      }
      if (!this.#isCurrent(entry)) return undefined;
      record.state = 'running';
      const left = entry.remainingMs > 0 || leastMs > 0 ? entry.remainingMs : entry.timeoutMs;
      const timeMs = Math.max(left, leastMs);
      record.endAt = new Date(Date.now() + timeMs);
      this.#expireIn(entry, timeMs);
      this.events.add(record, { type: 'resumed' });
      return true;
    });
  }

  /** Resolves when nothing of the sandbox is left; false when there was none of that id. */
  async kill(id: string, cause: EndCause = 'killed'): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#forget(entry, cause);
    await entry.guest.kill();
    return true;
  }

  /**
   * Refuses new sandboxes at once, gives running commands their grace, then ends all. Resolves at
   * the latest ten seconds after the grace.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { stopGraceMs } = this.#settings;
    const running = [...this.#entries.values()].filter(({ record }) => record.state === 'running');
    const bounded = (work: Promise<unknown>, ms: number): Promise<unknown> => {
      const controller = new AbortController();
      const limit = sleep(ms, undefined, { signal: controller.signal }).catch(() => undefined);
      return Promise.race([work, limit]).finally(() => controller.abort());
    };
    if (stopGraceMs > 0) {
      await bounded(Promise.all(running.map(({ record }) => record.channel.idle())), stopGraceMs);
    }
    const end = async (): Promise<void> => {
      await Promise.all([...this.#entries.keys()].map((id) => this.kill(id, 'stopped')));
    };
    await bounded(
      Promise.all([end(), Promise.allSettled(this.#launching).then(end)]),
      STOP_PATIENCE_MS,
    );
    this.metrics.stop();
  }

  #refuseWhileStopping(): void {
    if (this.#stopping) throw new NoCapacityError('the server is stopping', 10);
  }

  #isCurrent(entry: Entry): boolean {
    return this.#entries.get(entry.record.id) === entry;
  }

  /** Runs `step` after those before it; undefined when the sandbox is gone, before or meanwhile. */
  async #inTurn<T>(
    id: string,
    step: (entry: Entry) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const run = entry.turn.then(() => (this.#isCurrent(entry) ? step(entry) : undefined));
    entry.turn = run.catch(() => undefined);
    try {
      return await run;
    } catch (error) {
      if (!this.#isCurrent(entry)) return undefined;
      throw error;
    }
  }

  #expireIn(entry: Entry, timeoutMs: number): void {
    clearTimeout(entry.expiry);
    entry.expiry = setTimeout(() => this.#expire(entry), timeoutMs);
  }

  #expire({ record: { id, onTimeout } }: Entry): void {
    if (onTimeout === 'kill') {
      void this.kill(id, 'timeout');
      return;
    }
    this.pause(id).catch((error: unknown) => {
      this.#log('error', 'sandbox not paused', { sandbox_id: id, reason: reasonOf(error) });
      void this.kill(id, 'timeout');
    });
  }

  #forget({ record, egress, watch, expiry, share }: Entry, cause: EndCause): void {
    clearTimeout(expiry);
    egress?.close();
    watch.stop();
    share.release();
    this.#entries.delete(record.id);
    this.metrics.remove(record.id);
    this.events.add(record, { type: 'ended', cause });
  }

  async #launch(request: CreateRequest, limits: GuestLimits, share: Share): Promise<SandboxRecord> {
    this.#refuseWhileStopping();
    const id = `i${randomBytes(10).toString('hex')}`;
    const accessToken = request.secure ? randomBytes(24).toString('hex') : undefined;
    const { template, network } = request;
    const hasEgress = network.mode === 'allowlist';
    const image = template.dockerImage;
    const guest = await this.#backend.launch({ id, limits, egress: hasEgress, image });
    const channel = new GuestChannel(guest.stream);
    const egress = hasEgress
      ? new EgressProxy(network.entries, this.#settings.egress, (event) =>
          this.events.add({ id, metadata: request.metadata }, event),
        )
      : undefined;
    try {
      const wayOut = guest.egress === undefined ? undefined : egress?.serve(guest.egress);
      await this.#introduce(guest, channel, wayOut, {
        ...(hasEgress ? { egress: { port: EGRESS_PORT } } : {}),
        envs: { ...template.envs, ...request.envs, E2B_SANDBOX: 'true', E2B_SANDBOX_ID: id },
        maxOutputBytes: this.#settings.maxOutputBytes,
      });
    } catch (error) {
      await guest.kill();
      channel.close();
      egress?.close();
      throw error;
    }
    share.started();
    const startedAt = new Date();
    const record: SandboxRecord = {
      id,
      template: template.name,
      state: 'running',
      limits,
      network,
      metadata: request.metadata,
      accessToken,
      startedAt,
      endAt: new Date(startedAt.getTime() + request.timeoutMs),
      onTimeout: request.onTimeout,
      autoResume: request.autoResume,
      channel,
    };
    const watch = watchAgent(channel, {
      silenceMs: this.#settings.agentTimeoutMs,
      isFrozen: () => record.state === 'paused',
      onSilent: () => void this.kill(id, 'unresponsive'),
    });
    const entry: Entry = {
      record,
      guest,
      egress,
      watch,
      share,
      expiry: setTimeout(() => this.#expire(entry), request.timeoutMs),
      timeoutMs: request.timeoutMs,
      remainingMs: 0,
      turn: Promise.resolve(),
    };
    this.#entries.set(id, entry);
    this.metrics.add(record, () => guest.usage());
    this.events.add(record, { type: 'created', template: template.name });
    if (request.wantsInternet && network.mode === 'none') {
      this.events.add(record, { type: 'network_default_applied' });
    }
    // Without its agent a sandbox is of no use to anybody, whatever else runs in it.
    void channel.ended.then(() => this.kill(id, 'exited'));
    void guest.exited.then((said) => {
      channel.close();
      if (!this.#isCurrent(entry)) return;
      this.#log('warn', 'sandbox ended by itself', { sandbox_id: id, reason: said });
      this.#forget(entry, 'exited');
    });
    return record;
  }

  /** Waits for the agent, and for the way out where there is one, and tells it whose it is. */
  async #introduce(
    guest: Guest,
    channel: GuestChannel,
    wayOut: Promise<void> | undefined,
    init: InitMessage,
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new SandboxServerError(
              'launch_failed',
              `The sandbox did not answer within ${this.#settings.launchTimeoutMs} ms.`,
            ),
          ),
        this.#settings.launchTimeoutMs,
      );
    });
    const died = guest.exited.then((said): never => {
      throw new SandboxServerError('launch_failed', `The sandbox ended while it started: ${said}`);
    });
    died.catch(() => {
      // Reported below when it comes in time; later it is the ordinary end of the sandbox.
    });
    const welcome = channel.call('POST', '/init', init).catch((): Promise<never> => died);
    try {
      const status = await Promise.race([welcome, died, deadline]);
      if (status !== 204) {
        throw new SandboxServerError('launch_failed', `The agent answered ${status} to its start.`);
      }
      await Promise.race([wayOut, died, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}
