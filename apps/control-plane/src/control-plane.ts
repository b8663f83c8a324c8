import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PolicyGate } from '@ae/policy-gate';
import { Redactor } from '@ae/redactor';
import { sandboxTimeCost } from '@ae/safe-execution';
import type { ExecutionPorts } from '@ae/safe-execution';
import { CLOUD_LEASE_MS, OWN_SERVER_LEASE_MS, SandboxClient } from '@ae/sandbox';
import type { Logger } from '@ae/telemetry';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import type { NewEvent } from '@ae/contracts';
import express from 'express';
import { approvalRoutes } from './approvals/approval-routes.ts';
import { ApprovalService } from './approvals/approval-service.ts';
import { auditRoutes } from './audit/audit-routes.ts';
import { budgetRoutes } from './budgets/budget-routes.ts';
import { BudgetService } from './budgets/budget-service.ts';
import { PersistenceWatch } from './budgets/persistence-watch.ts';
import { checkRoutes } from './checks/check-routes.ts';
import { CheckService } from './checks/check-service.ts';
import type { Config } from './config.ts';
import { dashboardFiles } from './dashboard/dashboard-files.ts';
import { eventStream } from './events/event-stream.ts';
import { healthRoutes } from './health/health-routes.ts';
import { ApiKeys } from './http/api-keys.ts';
import { authenticate, createApiRouter, stateOf } from './http/api-router.ts';
import { HttpProblem } from './http/http-problem.ts';
import { API_BASE, openApiDocument } from './http/openapi.ts';
import type { Principal } from './http/principal.ts';
import { DEFAULT_TENANT } from './http/principal.ts';
import { notFound, problemHandler, toHttpProblem } from './http/problem-handler.ts';
import { createRateLimits } from './http/rate-limit.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { createMetricsEndpoint } from './metrics/metrics-endpoint.ts';
import { InlineRunEngine } from './runs/inline-run-engine.ts';
import type { RunEngine } from './runs/run-engine.ts';
import { runRoutes } from './runs/run-routes.ts';
import { RunService } from './runs/run-service.ts';
import { RunSettlements } from './runs/run-settlements.ts';
import { TemporalRunEngine } from './runs/temporal-run-engine.ts';
import { openStores } from './stores.ts';
import type { BudgetListeners } from './stores.ts';

/** Version of the API, as /openapi.json names it. */
const API_VERSION = '0.1.0';
/** How often what no request brings about is looked after: lost runs, due settlements, persistence. */
const RECONCILE_MS = 30_000;
/** A sandbox server that answered is believed for this long. */
const SANDBOX_SEEN_MS = 1000;

export interface ControlPlane {
  /** `http://<host>:<port>` */
  readonly url: string;
  /** Takes no new requests, lets running ones end, closes the stores. */
  stop(): Promise<void>;
}

/** Assembles the parts around the stores and listens. */
export async function startControlPlane(config: Config, logger: Logger): Promise<ControlPlane> {
  const gate = openGate(config, logger);
  const redactor = new Redactor();
  for (const secret of [config.AE_ADMIN_KEY, config.AE_WORKER_KEY]) {
    redactor.registerSecret(secret, { kind: 'ae_api_key' });
  }
  const stores = openStores(config, {
    onThreshold: (alert) => void budgets.tellThreshold(alert),
    onReplay: (replay) => {
      logReplay(logger)(replay);
      for (const { run_id } of replay.recorded) void budgets.tellOf(run_id);
    },
  });
  const { metrics, handler: metricsHandler } = createMetricsEndpoint();
  const closing = new AbortController();

  // What happened is already stored when it is told: a log that cannot tell fails nobody.
  const publish = async (event: NewEvent): Promise<void> => {
    try {
      await stores.events.append(event);
    } catch (error) {
      logger.error({ err: error, event: event.type }, 'an event could not be written');
    }
  };

  const budgets: BudgetService = new BudgetService({ tracker: stores.budgets, metrics, publish });
  metrics.budgetTotals(() => budgets.totals());
  const persistence = new PersistenceWatch(() => stores.budgets.persistence(), logger);
  await persistence.look();
  const approvals: ApprovalService = new ApprovalService({
    records: stores.approvals,
    publish,
    isOver: (runId) => runs.isOver(runId),
    recordDecision: (approval, principal) => checks.recordApproval(approval, principal),
  });
  const checks = new CheckService({
    gate,
    audit: stores.audit,
    redactor,
    metrics,
    publish,
    isApproved: (approval) => approvals.isApproved(approval),
    traceId,
  });
  const sandbox = createSandbox(config);
  const runs: RunService = new RunService({
    records: stores.runs,
    budgets,
    settlements: new RunSettlements({ records: stores.settlements, budgets, logger }),
    publish,
    assertSandbox: sandbox.assertUp,
    onEnded: (runId) => approvals.cancelOfRun(runId),
  });
  const engine = createEngine(config, { runs, budgets, checks, sandbox });

  const routes = [
    ...checkRoutes(checks),
    ...budgetRoutes(budgets),
    ...runRoutes(runs, engine),
    ...approvalRoutes(approvals, engine),
    ...auditRoutes(stores.audit),
  ];
  const keys = new ApiKeys({ admin: config.AE_ADMIN_KEY, worker: config.AE_WORKER_KEY });
  const limits = createRateLimits({
    requestsPerSecond: config.AE_RATE_LIMIT_PER_SECOND,
    redis: stores.redis,
  });

  const app = express();
  app.disable('x-powered-by').set('etag', false).set('trust proxy', false);
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    stateOf(response).requestId = randomUUID();
    next();
  });
  // First what has the load, and before the headers: it writes them with the rest of its answers.
  app.use(
    createApiRouter(API_BASE, {
      routes,
      keys,
      limits,
      recordRefusal: (refusal) => checks.recordRefusal(refusal),
    }),
  );
  app.use((_request, response, next) => {
    setSecurityHeaders(response);
    response.setHeader('X-Request-Id', stateOf(response).requestId);
    next();
  });
  app.use(
    healthRoutes({
      engine: engine.name,
      isDraining: () => closing.signal.aborted,
      persistence: () => persistence.state,
      probes: {
        budgets: async () => {
          await budgets.ping();
          if (persistence.state === 'unknown') await persistence.look();
        },
        audit: () => stores.audit.ping(),
        workflow_engine: () => engine.ping(),
        sandbox: sandbox.assertUp,
      },
    }),
  );
  app.get('/metrics', metricsHandler);
  const openApi = openApiDocument(routes, API_VERSION);
  app.get('/openapi.json', (_request, response) => {
    response.json(openApi);
  });
  app.get(
    `${API_BASE}/events`,
    authenticate({ keys, limits }, { scope: 'events' }),
    eventStream(stores.events, closing.signal),
  );
  if (config.AE_DASHBOARD_DIR) app.use(dashboardFiles(config.AE_DASHBOARD_DIR));
  app.use(notFound);
  app.use(problemHandler(logger));

  const server = createServer(app);
  server.requestTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.AE_PORT, config.AE_HOST, resolve);
  });
  const reconciler = setInterval(() => {
    runs.reconcile(engine).catch((error: unknown) => {
      logger.warn({ err: error }, 'runs could not be reconciled; trying again');
    });
    void persistence.look();
  }, RECONCILE_MS);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${config.AE_HOST}:${String(port)}`,
    async stop() {
      clearInterval(reconciler);
      closing.abort();
      // Requests are still served while the balancer takes notice of /readyz.
      await delay(config.AE_DRAIN_MS);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await engine.close();
      const patience = delay(10_000, undefined, { ref: false });
      await Promise.race([closed, patience.then(() => server.closeAllConnections())]);
      gate.close();
      await budgets.flush();
      await stores.close();
    },
  };
}

/** Tells the log what became of commits that were kept while the budget store did not answer. */
function logReplay(logger: Logger): BudgetListeners['onReplay'] {
  return ({ recorded, refused, waiting }) => {
    const counts = { recorded: recorded.length, refused: refused.length, waiting };
    logger.info(counts, 'kept commits were offered again');
    for (const { commit, reason } of refused) {
      const { run_id, hold_id, amount } = commit;
      logger.error(
        { run_id, hold_id, amount, code: reason.code },
        'a kept commit was refused for good: it is in budget-commits.jsonl.refused; account for it by hand',
      );
    }
  };
}

/** The gate of AE_POLICY_FILE, which follows that file; a bad change is told and not taken over. */
function openGate(config: Config, logger: Logger): PolicyGate {
  if (!config.AE_POLICY_FILE) return new PolicyGate();
  return PolicyGate.load(config.AE_POLICY_FILE, {
    watch: true,
    onReload: (version) => {
      logger.info({ policy_version: version }, 'the policy was changed');
    },
    onReloadError: (error) => {
      logger.error({ err: error }, 'the changed policy is not valid; the old one stays in force');
    },
  });
}

interface SandboxPart {
  client: SandboxClient | undefined;
  /** Throws 503 when no sandbox can be had. */
  assertUp: () => Promise<void>;
}

/** E2B when there is a key for it, else the server of AE_SANDBOX_URL, else none: never unisolated. */
function createSandbox(config: Config): SandboxPart {
  const client = config.E2B_API_KEY
    ? new SandboxClient({ apiKey: config.E2B_API_KEY, leaseMs: CLOUD_LEASE_MS })
    : config.AE_SANDBOX_URL
      ? new SandboxClient({
          apiKey: config.AE_SANDBOX_API_KEY,
          apiUrl: config.AE_SANDBOX_URL,
          sandboxUrl: config.AE_SANDBOX_URL,
          leaseMs: OWN_SERVER_LEASE_MS,
        })
      : undefined;
  let seenAt = 0;
  return {
    client,
    async assertUp() {
      if (!client) {
        throw new HttpProblem(
          'sandbox_unavailable',
          'no sandbox is configured: set AE_SANDBOX_URL or E2B_API_KEY',
          { part: 'sandbox' },
        );
      }
      if (Date.now() - seenAt < SANDBOX_SEEN_MS) return;
      await client.ping();
      seenAt = Date.now();
    },
  };
}

/** Temporal when it is named, else this process itself. */
function createEngine(
  config: Config,
  parts: { runs: RunService; budgets: BudgetService; checks: CheckService; sandbox: SandboxPart },
): RunEngine {
  if (config.TEMPORAL_ADDRESS) {
    return new TemporalRunEngine({
      address: config.TEMPORAL_ADDRESS,
      namespace: config.TEMPORAL_NAMESPACE,
    });
  }
  const { runs, budgets, checks, sandbox } = parts;
  const principal: Principal = {
    tenant_id: DEFAULT_TENANT,
    user_id: 'inline-engine',
    scopes: new Set(),
  };
  const ports: ExecutionPorts = {
    policy: { check: (request) => checks.check(principal, request) },
    budget: {
      // The guarded path knows a refusal by its code on the wire.
      reserve: (request) =>
        budgets.reserve(request).catch((error: unknown) => {
          throw toHttpProblem(error);
        }),
      commit: (request) => budgets.commit(request),
      release: (request) => budgets.release(request),
    },
    sandbox: {
      create: async (options) => {
        await sandbox.assertUp();
        return required(sandbox.client).create(options);
      },
      list: (filter) => required(sandbox.client).list(filter),
      destroy: (id) => required(sandbox.client).destroy(id),
    },
    createRedactor: () => new Redactor(),
    outcomes: { record: (outcome) => checks.recordOutcome(principal, outcome) },
  };
  return new InlineRunEngine({
    ports,
    cost: sandboxTimeCost(config.AE_SANDBOX_USD_PER_SECOND),
    report: (runId, progress) => runs.report(runId, progress),
  });
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new HttpProblem('sandbox_unavailable', 'no sandbox is configured');
  return value;
}

function traceId(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  return context && isSpanContextValid(context) ? context.traceId : undefined;
}
