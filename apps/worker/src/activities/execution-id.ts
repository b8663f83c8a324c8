import { createHash } from 'node:crypto';

/** Leaves room for the suffix that tells the charges of attempts apart (ids end at 256). */
const MAX_LENGTH = 200;

/** The same for every attempt, and for no other execution: it names the hold and the sandbox. */
export function executionIdOf(workflowId: string, execution: string): string {
  const id = `${workflowId}/${execution}`;
  return id.length <= MAX_LENGTH ? id : createHash('sha256').update(id).digest('hex');
}
