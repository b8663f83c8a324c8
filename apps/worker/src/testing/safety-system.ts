import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApprovalClient, BudgetClient, PolicyClient, RunClient } from '@ae/safety-client';
import { SandboxClient } from '@ae/sandbox';
import { freePort, startTemporal } from '@ae/test-support';
import type { TemporalServer } from '@ae/test-support';
import { readConfig } from '../config.ts';
import type { WorkerConfig } from '../config.ts';
import { ChildPart } from './child-part.ts';

/** What the tests need of a policy: deployments after approval, the rest as by default. */
const POLICY = { actions: { deploy: { enabled: true } } };

const newKey = (): string => `ae_${randomBytes(32).toString('base64url')}`;

/** The whole system on real parts, each a process of its own: control plane, Temporal, sandboxes. */
export class SafetySystem {
  readonly directory: string;
  readonly temporal: TemporalServer;
  readonly runs: RunClient;
  readonly budgets: BudgetClient;
  readonly approvals: ApprovalClient;
  readonly policy: PolicyClient;
  readonly sandboxes: SandboxClient;
  readonly #environment: Record<string, string>;
  readonly #controlPlanePort: number;
  readonly #sandboxPort: number;
  readonly #sandboxKey: string;
  #controlPlane: ChildPart | undefined;
  #sandboxServer: ChildPart | undefined;
  readonly #workers = new Set<ChildPart>();

  private constructor(
    directory: string,
    temporal: TemporalServer,
    ports: { controlPlane: number; sandbox: number },
  ) {
    const adminKey = newKey();
    this.directory = directory;
    this.temporal = temporal;
    this.#controlPlanePort = ports.controlPlane;
    this.#sandboxPort = ports.sandbox;
    this.#sandboxKey = newKey();
    this.#environment = {
      AE_ADMIN_KEY: adminKey,
      AE_WORKER_KEY: newKey(),
      AE_PORT: String(ports.controlPlane),
      AE_CONTROL_PLANE_URL: `http://127.0.0.1:${ports.controlPlane}`,
      AE_SANDBOX_URL: `http://127.0.0.1:${ports.sandbox}`,
      AE_SANDBOX_API_KEY: this.#sandboxKey,
      AE_DATA_DIR: join(directory, 'data'),
      AE_DEPLOY_ROOT: join(directory, 'www'),
      AE_POLICY_FILE: join(directory, 'policy.json'),
      AE_LOG_LEVEL: 'warn',
      TEMPORAL_ADDRESS: temporal.address,
    };
    const client = {
      baseUrl: `http://127.0.0.1:${ports.controlPlane}`,
      apiKey: adminKey,
    };
    this.runs = new RunClient(client);
    this.budgets = new BudgetClient(client);
    this.approvals = new ApprovalClient(client);
    this.policy = new PolicyClient(client);
    this.sandboxes = new SandboxClient({
      apiKey: this.#sandboxKey,
      apiUrl: `http://127.0.0.1:${ports.sandbox}`,
    });
  }

  static async start(policy: object = POLICY): Promise<SafetySystem> {
    const directory = await mkdtemp(join(tmpdir(), 'ae-worker-'));
    await writeFile(join(directory, 'policy.json'), JSON.stringify(policy));
    const system = new SafetySystem(directory, await startTemporal(), {
      controlPlane: await freePort(),
      sandbox: await freePort(),
    });
    try {
      await Promise.all([system.startSandboxServer(), system.startControlPlane()]);
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  /** How a worker of this system is configured. */
  get workerConfig(): WorkerConfig {
    return readConfig(this.#environment);
  }

  async startControlPlane(): Promise<void> {
    this.#controlPlane = new ChildPart('apps/control-plane/src/main.ts', this.#environment);
    await this.#controlPlane.ready(`http://127.0.0.1:${this.#controlPlanePort}/healthz`);
  }

  async killControlPlane(): Promise<void> {
    await this.#controlPlane?.kill();
  }

  async startSandboxServer(): Promise<void> {
    this.#sandboxServer = new ChildPart('libs/sandbox-server/src/cli.ts', {
      AE_SANDBOX_PORT: String(this.#sandboxPort),
      AE_SANDBOX_API_KEY: this.#sandboxKey,
    });
    await this.#sandboxServer.ready(`http://127.0.0.1:${this.#sandboxPort}/health`);
  }

  async killSandboxServer(): Promise<void> {
    await this.#sandboxServer?.kill();
  }

  /** A worker that polls. */
  async startWorker(): Promise<ChildPart> {
    const port = await freePort();
    const worker = new ChildPart('apps/worker/src/main.ts', {
      ...this.#environment,
      AE_WORKER_PORT: String(port),
    });
    this.#workers.add(worker);
    await worker.ready(`http://127.0.0.1:${port}/readyz`);
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
    await this.#controlPlane?.stop();
    await this.#sandboxServer?.stop();
    await this.temporal.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
