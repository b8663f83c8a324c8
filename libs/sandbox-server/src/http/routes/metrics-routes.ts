import type { MetricsSample } from '../../lifecycle/metrics-sampler.ts';
import { answerJson, Refusal } from '../answer.ts';
import { recordOf, type Call, type Route } from '../route.ts';

const MOST_IDS = 100;

function metric({ at, ...sample }: MetricsSample): Record<string, unknown> {
  return {
    timestamp: at.toISOString(),
    timestampUnix: Math.floor(at.getTime() / 1000),
    ...sample,
  };
}

/** Seconds since 1970, as the query gives them; in milliseconds. */
function unixTime({ query }: Call, name: string, fallback: number): number {
  const given = query.get(name);
  if (given === null || given === '') return fallback;
  const seconds = Number(given);
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new Refusal(400, `${name} must be a time in seconds`);
  }
  return seconds * 1000;
}

async function metricsOfOne(call: Call): Promise<void> {
  const { id } = recordOf(call);
  const start = unixTime(call, 'start', -Infinity);
  // The end is given in whole seconds; what was measured within that second belongs to it.
  const end = unixTime(call, 'end', Infinity) + 999;
  const samples = await call.registry.metrics.samples(id);
  const within = samples.filter(({ at }) => at.getTime() >= start && at.getTime() <= end);
  answerJson(call.response, 200, within.map(metric));
}

async function metricsOfMany({ registry, response, query }: Call): Promise<void> {
  const ids = query
    .getAll('sandbox_ids')
    .flatMap((text) => text.split(','))
    .filter((id) => id !== '');
  const known = [...new Set(ids)].filter((id) => registry.get(id) !== undefined);
  if (ids.length === 0 || ids.length > MOST_IDS) {
    throw new Refusal(400, `sandbox_ids must name 1 to ${MOST_IDS} sandboxes`);
  }
  const rows = await Promise.all(
    known.map(async (id) => {
      const newest = (await registry.metrics.samples(id)).at(-1);
      return newest === undefined ? [] : [[id, metric(newest)] as const];
    }),
  );
  answerJson(response, 200, { sandboxes: Object.fromEntries(rows.flat()) });
}

export const metricsRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/(?:v2\/)?sandboxes\/metrics$/, handler: metricsOfMany },
  { method: 'GET', path: /^\/(?:v2\/)?sandboxes\/([^/]+)\/metrics$/, handler: metricsOfOne },
];
