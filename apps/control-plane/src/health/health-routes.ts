import { Router } from 'express';
import type { PersistenceState } from '../budgets/persistence-watch.ts';

/** Asks one part whether it is there; rejects when it is not. */
export type Probe = () => Promise<void>;

export interface HealthOptions {
  probes: Record<string, Probe>;
  engine: string;
  isDraining: () => boolean;
  /** Whether what the budget store acknowledges outlives its process. */
  persistence: () => PersistenceState;
}

const PROBE_TIMEOUT_MS = 1000;

/**
 * `/healthz`: the process lives. `/readyz`: it takes requests; 503 before the first answer of its
 * own store and while draining. A shared part that is down is named in the body and does not fail
 * it: else every instance would leave the balancer at once, and callers would get its page instead
 * of a typed 503.
 */
export function healthRoutes(options: HealthOptions): Router {
  const { probes, engine, isDraining, persistence } = options;
  const router = Router();
  let storeAnswered = false;

  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });

  router.get('/readyz', async (_request, response) => {
    const states = await Promise.all(
      Object.entries(probes).map(async ([part, probe]) => [part, await isUp(probe)] as const),
    );
    const parts = Object.fromEntries(states.map(([part, up]) => [part, up ? 'up' : 'down']));
    storeAnswered ||= parts['budgets'] === 'up' && parts['audit'] === 'up';
    const ready = storeAnswered && !isDraining();
    const status = ready ? 'ready' : isDraining() ? 'draining' : 'starting';
    response.status(ready ? 200 : 503).json({ status, engine, parts, persistence: persistence() });
  });

  return router;
}

async function isUp(probe: Probe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([probe().then(() => true), timeout]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
