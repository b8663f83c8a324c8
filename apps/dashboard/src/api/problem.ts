import type { Problem } from '@ae/contracts';
import * as z from 'zod/mini';

/** What the page reads of a problem. A code made after this page is no reason to drop the rest. */
export type ReadProblem = Pick<Problem, 'title' | 'detail' | 'errors'> & { code: string };

export const problemSchema: z.ZodMiniType<ReadProblem> = z.object({
  title: z.string(),
  code: z.string(),
  detail: z.string(),
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});
