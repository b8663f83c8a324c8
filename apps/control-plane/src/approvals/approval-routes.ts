import {
  APPROVAL_STATUSES,
  approvalDecisionRequestSchema,
  approvalIdSchema,
  approvalPageSchema,
  approvalSchema,
  createApprovalRequestSchema,
} from '@ae/contracts';
import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { RunEngine } from '../runs/run-engine.ts';
import type { ApprovalService } from './approval-service.ts';

const params = z.object({ approval_id: approvalIdSchema });

export function approvalRoutes(approvals: ApprovalService, engine: RunEngine): Route[] {
  return [
    route({
      method: 'post',
      path: '/approvals',
      summary: 'Ask a person. The same run, step and arguments ask once.',
      scope: 'report',
      body: createApprovalRequestSchema,
      status: 201,
      response: approvalSchema,
      problems: ['store_unavailable'],
      handle: async ({ body }) => ({ body: await approvals.create(body) }),
    }),
    route({
      method: 'get',
      path: '/approvals',
      summary: 'The newest 200 approvals.',
      scope: 'approvals',
      query: z.strictObject({ status: z.enum(APPROVAL_STATUSES).optional() }),
      status: 200,
      response: approvalPageSchema,
      problems: ['store_unavailable'],
      handle: async ({ query }) => ({ body: await approvals.list(query.status) }),
    }),
    route({
      method: 'get',
      path: '/approvals/{approval_id}',
      summary: 'One approval, with the exact action it is for.',
      scope: 'approvals',
      params,
      status: 200,
      response: approvalSchema,
      problems: ['not_found', 'store_unavailable'],
      handle: async ({ params: { approval_id } }) => ({ body: await approvals.get(approval_id) }),
    }),
    route({
      method: 'post',
      path: '/approvals/{approval_id}/decision',
      summary: 'Approve or reject, with a reason. The run that waits goes on at once.',
      scope: 'approvals',
      params,
      body: approvalDecisionRequestSchema,
      status: 200,
      response: approvalSchema,
      problems: ['not_found', 'conflict', 'store_unavailable', 'workflow_engine_unavailable'],
      handle: async ({ params: { approval_id }, body, principal }) => ({
        body: await approvals.decide(approval_id, body, principal, engine),
      }),
    }),
  ];
}
