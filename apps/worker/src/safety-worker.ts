import { setTimeout as sleep } from 'node:timers/promises';
import { TASK_QUEUE } from '@ae/contracts';
import { Redactor } from '@ae/redactor';
import { sandboxTimeCost } from '@ae/safe-execution';
import { ApprovalClient, BudgetClient, PolicyClient, RunClient } from '@ae/safety-client';
import { SandboxClient } from '@ae/sandbox';
import type { Logger } from '@ae/telemetry';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import type { Activities } from './activities/index.ts';
import { ArtifactStore } from './artifacts/artifact-store.ts';
import type { WorkerConfig } from './config.ts';
import { DirectoryTarget } from './deployments/directory-target.ts';
import { EXECUTION_QUEUE } from './execution-queue.ts';
import { HealthServer } from './health-server.ts';
import { temporalLogger } from './temporal-logger.ts';
import { tracingPlugin } from './tracing-plugin.ts';
import { workflowBundle } from './workflow-bundle.ts';

const RECONNECT_MS = 1000;
const PROBE_TIMEOUT_MS = 2000;
/** Commands at once: what one sandbox server takes by default, less room for orphans. */
const MAX_EXECUTIONS = 40;

/** The worker of the guarded path: it polls Temporal, and answers how it is. */
export class SafetyWorker {
  readonly #config: WorkerConfig;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #connection: NativeConnection | undefined;
  #workers: readonly Worker[] = [];

  constructor(config: WorkerConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /**
   * Works until `stop` is called: waits for Temporal, polls, and ends when what ran is finished or
   * handed over.
   * @throws when Temporal refuses the worker, or the health port is taken
   */
  async run(): Promise<void> {
    const health = await HealthServer.start(this.#config.port, () => this.unready());
    this.#logger.info({ port: health.port }, 'health endpoints listen');
    try {
      const [connection, bundle] = await Promise.all([
        this.#connect(),
        workflowBundle(temporalLogger(this.#logger)),
      ]);
      if (!connection) return;
      this.#connection = connection;
      if (this.#stopping.signal.aborted) return;
      const activities = createWorkerActivities(this.#config, this.#logger);
      const shared = {
        connection,
        namespace: this.#config.temporal.namespace,
        plugins: [tracingPlugin()],
        activities,
        shutdownGraceTime: '5 seconds',
        shutdownForceTime: '20 seconds',
      } satisfies Partial<WorkerOptions>;
      this.#workers = await Promise.all([
        Worker.create({ ...shared, taskQueue: TASK_QUEUE, workflowBundle: bundle }),
        Worker.create({
          ...shared,
          taskQueue: EXECUTION_QUEUE,
          maxConcurrentActivityTaskExecutions: MAX_EXECUTIONS,
          // A cancellation reaches an activity with the answer to its next heartbeat.
          maxHeartbeatThrottleInterval: '1 second',
          defaultHeartbeatThrottleInterval: '1 second',
        }),
      ]);
      this.#logger.info({ task_queues: [TASK_QUEUE, EXECUTION_QUEUE] }, 'worker polls');
      // When one of them cannot go on, neither does the other; the connection outlives both.
      const ends = await Promise.allSettled(
        this.#workers.map((worker) =>
          worker.runUntil(aborted(this.#stopping.signal)).finally(() => this.stop()),
        ),
      );
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
    } finally {
      this.stop();
      await this.#connection?.close();
      await health.stop();
    }
  }

  /** Running commands have five seconds to end; then they are handed over to another worker. */
  stop(): void {
    this.#stopping.abort();
  }

  /** The part that keeps this worker from taking work. */
  async unready(): Promise<string | undefined> {
    if (!this.#connection) return 'temporal';
    const running = this.#workers.filter((worker) => worker.getState() === 'RUNNING');
    if (running.length === 0 || running.length < this.#workers.length) return 'worker';
    const answered = await Promise.race([
      this.#connection.workflowService.getSystemInfo({}).then(
        () => true,
        () => false,
      ),
      sleep(PROBE_TIMEOUT_MS, false, { ref: false }),
    ]);
    return answered ? undefined : 'temporal';
  }

  /** Tries until Temporal answers; undefined when stopped before that. */
  async #connect(): Promise<NativeConnection | undefined> {
    const { address } = this.#config.temporal;
    while (!this.#stopping.signal.aborted) {
      try {
        return await NativeConnection.connect({ address });
      } catch (error) {
        this.#logger.warn({ err: error, address }, 'Temporal does not answer; trying again');
        await sleep(RECONNECT_MS, undefined, { signal: this.#stopping.signal }).catch(
          () => undefined,
        );
      }
    }
    return undefined;
  }
}

/** The activities on real parts: the control plane over HTTP, and the sandboxes. */
export function createWorkerActivities(config: WorkerConfig, logger: Logger): Activities {
  const controlPlane = { baseUrl: config.controlPlaneUrl, apiKey: config.apiKey };
  const policy = new PolicyClient(controlPlane);
  const artifacts = new ArtifactStore(config.artifactsDirectory);
  return createActivities({
    ports: {
      policy,
      budget: new BudgetClient(controlPlane),
      sandbox: new SandboxClient(config.sandbox),
      createRedactor: () => new Redactor(),
      outcomes: { record: (outcome) => policy.recordOutcome(outcome) },
    },
    cost: sandboxTimeCost(config.usdPerSecond),
    artifacts,
    deployments: new DirectoryTarget(config.deployRoot, artifacts),
    runs: new RunClient(controlPlane),
    approvals: new ApprovalClient(controlPlane),
    logger,
  });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
