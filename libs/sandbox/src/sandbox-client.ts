import { ALL_TRAFFIC, Sandbox as E2bSandbox, type ConnectionOpts } from 'e2b';
import { capabilitiesOf, type SandboxCapabilities } from './capabilities.ts';
import { checkPositive } from './execution.ts';
import { fromProvider } from './provider-error.ts';
import { SandboxLease } from './sandbox-lease.ts';
import { Sandbox } from './sandbox.ts';
import {
  ExecutionAborted,
  SandboxError,
  SandboxNotFound,
  UnsupportedByProvider,
} from './sandbox-error.ts';

export interface SandboxClientOptions {
  apiKey: string;
  /** Address of an E2B-compatible server's REST interface; absent for E2B's cloud. */
  apiUrl?: string;
  /** Address of its sandboxes; by default the same as `apiUrl`. */
  sandboxUrl?: string;
  /** Milliseconds for one request. Default 60 000. */
  requestTimeoutMs?: number;
  /**
   * Milliseconds, 2000 at least, after which a created sandbox ends when this process is gone: it is
   * renewed four times as often. By default a sandbox lives to its own timeout.
   */
  leaseMs?: number;
  /** Of a provider other than E2B's cloud and @ae/sandbox-server, which tell by themselves. */
  capabilities?: SandboxCapabilities;
}

export interface CreateOptions {
  /** Template's name; default `base`. */
  template?: string;
  /** Milliseconds the sandbox may live. Default 300 000. */
  timeoutMs?: number;
  /** Environment of every command. */
  envs?: Record<string, string>;
  /** Words to find it again by, with `list`. */
  metadata?: Record<string, string>;
  /** Hosts it may reach; absent or empty for no network at all. */
  networkAllowlist?: readonly string[];
  signal?: AbortSignal;
}

export interface SandboxInfo {
  id: string;
  template: string;
  metadata: Record<string, string>;
  startedAt: Date;
  /** When the provider ends it: of a sandbox on a lease the end of the lease. */
  endAt: Date;
  state: 'running' | 'paused';
}

/** As of E2B. */
const DEFAULT_LIFE_MS = 300_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;
const LEAST_LEASE_MS = 2000;

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Ids are words; anything else would change the path of the request. */
function isId(id: string): boolean {
  return /^[\w-]{1,128}$/.test(id);
}

/** One client for E2B's cloud and for E2B-compatible servers, @ae/sandbox-server among them. */
export class SandboxClient {
  readonly #apiUrl: string | undefined;
  readonly #requestTimeoutMs: number;
  #capabilities: SandboxCapabilities | undefined;
  readonly #connection: ConnectionOpts;
  readonly #leaseMs: number | undefined;

  /** @throws RangeError for a `leaseMs` below 2000; SandboxError `unauthenticated` for an empty key */
  constructor(options: SandboxClientOptions) {
    const { apiKey, apiUrl, requestTimeoutMs, leaseMs } = options;
    const sandboxUrl = options.sandboxUrl ?? apiUrl;
    if (apiKey === '') throw new SandboxError('unauthenticated', 'apiKey must not be empty.');
    if (leaseMs !== undefined && !(leaseMs >= LEAST_LEASE_MS)) {
      throw new RangeError(`leaseMs must be ${LEAST_LEASE_MS} at least, got ${leaseMs}`);
    }
    this.#leaseMs = leaseMs;
    this.#connection = {
      apiKey,
      // The SDK's debug mode, which its environment can switch on, creates no sandboxes.
      debug: false,
      ...(apiUrl === undefined ? {} : { apiUrl }),
      ...(sandboxUrl === undefined ? {} : { sandboxUrl }),
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    };
    this.#apiUrl = apiUrl;
    this.#requestTimeoutMs = requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.#capabilities = options.capabilities;
  }

  /**
   * What the provider can do; asked once.
   *
   * @throws SandboxUnavailable
   */
  async capabilities(): Promise<SandboxCapabilities> {
    this.#capabilities ??= await capabilitiesOf(this.#apiUrl, this.#requestTimeoutMs);
    return this.#capabilities;
  }

  /**
   * Starts a sandbox without network, or with the allowlist's.
   *
   * @throws UnsupportedByProvider for an allowlist where `capabilities()` has none;
   *   SandboxUnavailable, SandboxCapacity, ExecutionAborted, SandboxError `sandbox_create_failed`
   */
  async create(options: CreateOptions = {}): Promise<Sandbox> {
    const { template = 'base', signal, networkAllowlist = [] } = options;
    const lifeMs = options.timeoutMs ?? DEFAULT_LIFE_MS;
    const leaseMs = this.#leaseMs;
    checkPositive('timeoutMs', lifeMs);
    if (isAborted(signal)) throw new ExecutionAborted('The creation was aborted.');
    if (networkAllowlist.length > 0 && !(await this.capabilities()).networkAllowlist) {
      throw new UnsupportedByProvider(
        'This provider does not tell that it holds sandboxes to an allowlist; leave networkAllowlist empty.',
      );
    }
    try {
      const sandbox = await E2bSandbox.create(template, {
        ...this.#connection,
        ...(networkAllowlist.length === 0
          ? { allowInternetAccess: false }
          : { network: { allowOut: [...networkAllowlist], denyOut: [ALL_TRAFFIC] } }),
        timeoutMs: Math.min(leaseMs ?? lifeMs, lifeMs),
        ...(options.envs === undefined ? {} : { envs: options.envs }),
        ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
        ...(signal === undefined ? {} : { signal }),
      });
      const lease = leaseMs === undefined ? undefined : new SandboxLease(sandbox, leaseMs, lifeMs);
      return new Sandbox(sandbox, lease);
    } catch (error) {
      if (isAborted(signal)) {
        throw new ExecutionAborted('The creation was aborted.', { cause: error });
      }
      throw fromProvider(error, 'sandbox_create_failed');
    }
  }

  /** All sandboxes, paused ones too, that carry the given metadata. */
  async list(filter: { metadata?: Record<string, string> } = {}): Promise<SandboxInfo[]> {
    const found: SandboxInfo[] = [];
    try {
      const pages = E2bSandbox.list({
        ...this.#connection,
        query: {
          state: ['running', 'paused'],
          ...(filter.metadata === undefined ? {} : { metadata: filter.metadata }),
        },
      });
      while (pages.hasNext) {
        for (const item of await pages.nextItems()) {
          found.push({
            id: item.sandboxId,
            template: item.templateId,
            metadata: item.metadata,
            startedAt: item.startedAt,
            endAt: item.endAt,
            state: item.state,
          });
        }
      }
    } catch (error) {
      throw fromProvider(error);
    }
    return found;
  }

  /** Finds a sandbox, and lets one that is paused go on. @throws SandboxNotFound */
  async connect(id: string): Promise<Sandbox> {
    if (!isId(id)) throw new SandboxNotFound(`There is no sandbox '${id}'.`);
    try {
      return new Sandbox(await E2bSandbox.connect(id, this.#connection));
    } catch (error) {
      throw fromProvider(error);
    }
  }

  /** False when the sandbox was already gone. */
  async destroy(id: string): Promise<boolean> {
    if (!isId(id)) return false;
    try {
      return await E2bSandbox.kill(id, this.#connection);
    } catch (error) {
      throw fromProvider(error);
    }
  }

  /**
   * Resolves when the provider answers and takes the key.
   *
   * @throws SandboxUnavailable when it does not answer
   * @throws SandboxError `unauthenticated`
   */
  async ping(): Promise<void> {
    try {
      await E2bSandbox.list({ ...this.#connection, limit: 1 }).nextItems();
    } catch (error) {
      throw fromProvider(error);
    }
  }
}
