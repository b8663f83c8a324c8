import {
  RUN_STATUSES,
  createRunRequestSchema,
  runIdSchema,
  runPageSchema,
  runProgressSchema,
  runSchema,
} from '@ae/contracts';
import { z } from 'zod';
import { API_BASE } from '../http/openapi.ts';
import { pageQuerySchema } from '../http/page-query.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { RunEngine } from './run-engine.ts';
import type { RunService } from './run-service.ts';

const params = z.object({ run_id: runIdSchema });
const MAX_WAIT_SECONDS = 60;

export function runRoutes(runs: RunService, engine: RunEngine): Route[] {
  return [
    route({
      method: 'post',
      path: '/runs',
      summary: 'Start a run. The same request with the same run_id again is the same run.',
      scope: 'runs',
      body: createRunRequestSchema,
      status: 202,
      response: runSchema,
      problems: [
        'not_found',
        'budget_exceeded',
        'conflict',
        'payload_too_large',
        'store_unavailable',
        'sandbox_unavailable',
        'workflow_engine_unavailable',
      ],
      asksFor: () => 'execute_code',
      handle: async ({ body }) => {
        const run = await runs.start(body, engine);
        const location = `${API_BASE}/runs/${encodeURIComponent(run.run_id)}`;
        return { body: run, headers: { Location: location } };
      },
    }),
    route({
      method: 'get',
      path: '/runs',
      summary: 'All runs, newest first, a page at a time.',
      scope: 'runs',
      query: pageQuerySchema.extend({ status: z.enum(RUN_STATUSES).optional() }),
      status: 200,
      response: runPageSchema,
      problems: ['store_unavailable'],
      handle: async ({ query }) => ({ body: await runs.list(query) }),
    }),
    route({
      method: 'get',
      path: '/runs/{run_id}',
      summary: 'One run; with ?wait=seconds the answer comes when it ended, or then.',
      scope: 'runs',
      params,
      query: z.strictObject({
        wait: z.coerce.number().min(0).max(MAX_WAIT_SECONDS).default(0),
      }),
      status: 200,
      response: runSchema,
      problems: ['not_found', 'store_unavailable'],
      waits: true,
      handle: async ({ params: { run_id }, query: { wait }, signal }) => ({
        body: await runs.get(run_id, wait, signal),
      }),
    }),
    route({
      method: 'post',
      path: '/runs/{run_id}/cancel',
      summary: 'Ask a run to end. It is `cancelled` once it has cleaned up.',
      scope: 'runs',
      params,
      status: 202,
      response: runSchema,
      problems: ['not_found', 'store_unavailable', 'workflow_engine_unavailable'],
      handle: async ({ params: { run_id } }) => ({ body: await runs.cancel(run_id, engine) }),
    }),
    route({
      method: 'post',
      path: '/runs/{run_id}/progress',
      summary: 'How a worker tells what becomes of a run.',
      scope: 'report',
      params,
      body: runProgressSchema,
      status: 204,
      problems: ['not_found', 'store_unavailable'],
      handle: async ({ params: { run_id }, body }) => {
        await runs.report(run_id, body);
        return {};
      },
    }),
  ];
}
