import { answerJson } from '../answer.ts';
import { natural } from '../list-query.ts';
import type { Call, Route } from '../route.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Not of E2B: what happened behind an event, of one sandbox or of all, also of those that ended. */
function events({ registry, response, query }: Call): void {
  const after = natural(query, 'after', 0);
  const limit = Math.min(MAX_LIMIT, Math.max(1, natural(query, 'limit', DEFAULT_LIMIT)));
  const sandboxId = query.get('sandbox_id') ?? undefined;
  answerJson(response, 200, { events: registry.events.after(after, limit, sandboxId) });
}

export const eventRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/events$/, handler: events },
];
