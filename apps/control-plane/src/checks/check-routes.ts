import { checkRequestSchema, outcomeRequestSchema, policyDecisionSchema } from '@ae/contracts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { CheckService } from './check-service.ts';

export function checkRoutes(checks: CheckService): Route[] {
  return [
    route({
      method: 'post',
      path: '/check',
      summary: 'May this action happen? A denial is an answer too (200).',
      scope: 'check',
      body: checkRequestSchema,
      status: 200,
      response: policyDecisionSchema,
      problems: ['store_unavailable'],
      asksFor: (body) => actionOf(body),
      handle: async ({ principal, body }) => ({ body: await checks.check(principal, body) }),
    }),
    route({
      method: 'post',
      path: '/outcomes',
      summary: 'Record what became of an allowed action.',
      scope: 'check',
      body: outcomeRequestSchema,
      status: 204,
      problems: ['not_found', 'conflict', 'store_unavailable'],
      handle: async ({ principal, body }) => {
        await checks.recordOutcome(principal, body);
        return {};
      },
    }),
  ];
}

/** The action a body names, as far as it can be told: bodies that are recorded may be malformed. */
function actionOf(body: unknown): string {
  const action =
    typeof body === 'object' && body !== null && 'action' in body ? body.action : undefined;
  return typeof action === 'string' && /^[\w.-]{1,64}$/.test(action) ? action : 'unknown';
}
