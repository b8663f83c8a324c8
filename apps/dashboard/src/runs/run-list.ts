import type { Run } from '@ae/contracts';
import * as z from 'zod/mini';
import type { LiveList } from '../live/live-list.ts';
import { runPageSchema } from './run.ts';

export const runList: LiveList<Run> = {
  name: 'runs',
  path: (cursor) => `/runs?${new URLSearchParams({ limit: '100', ...(cursor && { cursor }) })}`,
  page: z.pipe(
    runPageSchema,
    z.transform(({ runs, next_cursor }) => ({ rows: runs, next: next_cursor })),
  ),
  idOf: ({ run_id }) => run_id,
  changeOf: (event) => (event.type === 'run.updated' ? { put: event.data } : undefined),
  isOlder: (run, present) => Date.parse(run.updated_at) < Date.parse(present.updated_at),
};
