import type { Approval } from '@ae/contracts';
import * as z from 'zod/mini';
import type { LiveList } from '../live/live-list.ts';
import { approvalPageSchema } from './approval.ts';

/** The approvals that wait for a person. */
export const approvalList: LiveList<Approval> = {
  name: 'approvals',
  path: () => '/approvals?status=pending',
  page: z.pipe(
    approvalPageSchema,
    z.transform(({ approvals }) => ({ rows: approvals })),
  ),
  idOf: ({ approval_id }) => approval_id,
  changeOf: (event) => {
    if (event.type !== 'approval.updated') return undefined;
    const { data } = event;
    return data.status === 'pending' ? { put: data } : { remove: data.approval_id };
  },
};
