import { randomBytes } from 'node:crypto';
import type { InitMessage } from '../agent/init-message.ts';
import type { Backend, Guest, GuestLimits } from '../backends/backend.ts';
import { GuestChannel } from '../backends/guest-channel.ts';
import { EGRESS_PORT } from '../egress/egress-port.ts';
import { EgressProxy, type EgressEnvironment } from '../egress/egress-proxy.ts';
import type { NetworkSetting } from '../egress/network-setting.ts';
import type { EventLog } from '../events/event-log.ts';
import type { EventDetails } from '../events/server-event.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Template } from '../templates/template.ts';
import { watchAgent } from './agent-watch.ts';
import type { SandboxRecord } from './sandbox-record.ts';

export interface CreateRequest {
  readonly template: Template;
  readonly network: NetworkSetting;
  /** The caller asked for the default network, whatever that is here. */
  readonly wantsInternet: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly envs: Readonly<Record<string, string>>;
  readonly secure: boolean;
  /** How long it may live, in milliseconds. */
  readonly timeoutMs: number;
}

export interface RegistrySettings {
  readonly maxSandboxes: number;
  readonly limits: GuestLimits;
  /** Bytes of output of one command that are handed on. */
  readonly maxOutputBytes: number;
  /** How long a guest may take to answer after its start, in milliseconds. */
  readonly launchTimeoutMs: number;
  readonly egress: EgressEnvironment;
  /** How long an agent may be silent before its sandbox is ended, in milliseconds. */
  readonly agentTimeoutMs: number;
}

interface Entry {
  readonly record: SandboxRecord;
  readonly guest: Guest;
  /** Of a sandbox that was created with an allowlist. */
  readonly egress: EgressProxy | undefined;
  readonly watch: { stop(): void };
  expiry: NodeJS.Timeout;
}

type EndCause = Extract<EventDetails, { type: 'ended' }>['cause'];

/** A refusal because of load or shutdown: nothing was started, the call may be repeated. */
export class NoCapacityError extends Error {}

/** A sandbox that was created without network has no way out that could be opened. */
export class NoEgressError extends Error {}

/** The running sandboxes of one server: created, found, given time, killed. */
export class SandboxRegistry {
  readonly #backend: Backend;
  readonly #settings: RegistrySettings;
  readonly events: EventLog;
  readonly #entries = new Map<string, Entry>();
  readonly #launching = new Set<Promise<unknown>>();
  #stopping = false;

  constructor(backend: Backend, settings: RegistrySettings, events: EventLog) {
    this.#backend = backend;
    this.#settings = settings;
    this.events = events;
  }

  /**
   * @throws NoCapacityError when the server is full or stopping
   * @throws SandboxServerError `launch_failed`
   */
  async create(request: CreateRequest): Promise<SandboxRecord> {
    if (this.#stopping) throw new NoCapacityError('the server is stopping');
    if (this.#entries.size + this.#launching.size >= this.#settings.maxSandboxes) {
      throw new NoCapacityError(
        `all ${this.#settings.maxSandboxes} sandboxes of this server are in use`,
      );
    }
    const launch = this.#launch(request);
    this.#launching.add(launch);
    try {
      return await launch;
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

  /** Gives the sandbox `timeoutMs` from now; false when there is none of that id. */
  setTimeout(id: string, timeoutMs: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    clearTimeout(entry.expiry);
    entry.record.endAt = new Date(Date.now() + timeoutMs);
    entry.expiry = this.#expire(id, timeoutMs);
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

  /** Resolves when nothing of the sandbox is left; false when there was none of that id. */
  async kill(id: string, cause: EndCause = 'killed'): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#forget(entry, cause);
    await entry.guest.kill();
    return true;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled(this.#launching);
    await Promise.all([...this.#entries.keys()].map((id) => this.kill(id, 'stopped')));
  }

  #expire(id: string, timeoutMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.kill(id, 'timeout'), timeoutMs);
  }

  #forget({ record, egress, watch, expiry }: Entry, cause: EndCause): void {
    clearTimeout(expiry);
    egress?.close();
    watch.stop();
    this.#entries.delete(record.id);
    this.events.add(record, { type: 'ended', cause });
  }

  async #launch(request: CreateRequest): Promise<SandboxRecord> {
    const id = `i${randomBytes(10).toString('hex')}`;
    const accessToken = request.secure ? randomBytes(24).toString('hex') : undefined;
    const { template, network } = request;
    const limits = { ...this.#settings.limits, ...template.limits };
    const hasEgress = network.mode === 'allowlist';
    const guest = await this.#backend.launch({ id, limits, egress: hasEgress });
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
      channel,
    };
    const watch = watchAgent(channel, {
      silenceMs: this.#settings.agentTimeoutMs,
      isFrozen: () => record.state === 'paused',
      onSilent: () => void this.kill(id, 'unresponsive'),
    });
    const expiry = this.#expire(id, request.timeoutMs);
    const entry: Entry = { record, guest, egress, watch, expiry };
    this.#entries.set(id, entry);
    this.events.add(record, { type: 'created', template: template.name });
    if (request.wantsInternet && network.mode === 'none') {
      this.events.add(record, { type: 'network_default_applied' });
    }
    // Without its agent a sandbox is of no use to anybody, whatever else runs in it.
    void channel.ended.then(() => this.kill(id, 'exited'));
    void guest.exited.then(() => {
      channel.close();
      if (this.#entries.get(id) === entry) this.#forget(entry, 'exited');
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
