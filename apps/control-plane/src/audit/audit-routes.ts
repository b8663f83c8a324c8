import type { AuditLog } from '@ae/audit-log';
import {
  actionSchema,
  auditPageSchema,
  auditVerificationSchema,
  decisionIdSchema,
  runIdSchema,
} from '@ae/contracts';
import { z } from 'zod';
import { pageQuerySchema } from '../http/page-query.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';

const querySchema = pageQuerySchema.extend({
  kind: z.enum(['decision', 'outcome']).optional(),
  action: actionSchema.optional(),
  decision_id: decisionIdSchema.optional(),
  run_id: runIdSchema.optional(),
});

export function auditRoutes(audit: AuditLog): Route[] {
  return [
    route({
      method: 'get',
      path: '/audit',
      summary: 'The records of the own tenant, newest first.',
      scope: 'audit',
      query: querySchema,
      status: 200,
      response: auditPageSchema,
      problems: ['store_unavailable'],
      handle: async ({
        principal,
        query: { limit, cursor, kind, action, decision_id, run_id },
      }) => ({
        body: await audit.list({
          tenant_id: principal.tenant_id,
          limit,
          ...(cursor === undefined ? {} : { cursor }),
          ...(kind === undefined ? {} : { kind }),
          ...(action === undefined ? {} : { action }),
          ...(decision_id === undefined ? {} : { decision_id }),
          ...(run_id === undefined ? {} : { run_id }),
        }),
      }),
    }),
    route({
      method: 'get',
      path: '/audit/verify',
      summary: 'Recompute the hash chain: any change, gap or reordering is found.',
      scope: 'audit',
      status: 200,
      response: auditVerificationSchema,
      problems: ['store_unavailable'],
      handle: async ({ principal }) => ({ body: await audit.verify(principal.tenant_id) }),
    }),
  ];
}
