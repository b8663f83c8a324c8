import type { BudgetStatus, Run } from '@ae/contracts';
import { RUN_STATUS } from '../runs/run.ts';

const PREFIX = 'status:';

/** A filter as it is written: words that must all occur, and `status:<status>` (any of them). */
export interface Filter {
  words: readonly string[];
  statuses: readonly string[];
  /** A part that means nothing, as a status that does not exist. */
  unknown: readonly string[];
}

export function parseFilter(text: string): Filter {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  const named = parts.filter((part) => part.startsWith(PREFIX));
  const statuses = named.map((part) => part.slice(PREFIX.length));
  return {
    words: parts.filter((part) => !part.startsWith(PREFIX)),
    statuses: statuses.filter((status) => Object.hasOwn(RUN_STATUS, status)),
    unknown: statuses.filter((status) => !Object.hasOwn(RUN_STATUS, status)),
  };
}

export function matchesRun({ words, statuses }: Filter, run: Run): boolean {
  const text = `${run.run_id} ${run.title} ${run.kind}`.toLowerCase();
  return (
    (statuses.length === 0 || statuses.includes(run.status)) &&
    words.every((word) => text.includes(word))
  );
}

/** A status is one of a run: with one, a budget matches when its run does. */
export function matchesBudget(filter: Filter, budget: BudgetStatus, run: Run | undefined): boolean {
  if (run && matchesRun(filter, run)) return true;
  const text = `${budget.run_id} ${budget.parent ?? ''}`.toLowerCase();
  return filter.statuses.length === 0 && filter.words.every((word) => text.includes(word));
}
