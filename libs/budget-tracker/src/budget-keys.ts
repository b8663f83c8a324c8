/**
 * The Redis keys of a run, in the order every script of `lua/` takes them. The braces are literal:
 * Redis Cluster hashes what is inside them, so the keys of a run share a slot.
 */
export function budgetKeys(runId: string): readonly string[] {
  return ['budget', 'spent', 'exceeded', 'ledger', 'holds', 'done'].map(
    (name) => `${name}:{${runId}}`,
  );
}

/** The keys of the index of runs, which live in one slot of their own: names, then expiry. */
export const INDEX_KEYS: readonly [string, string] = [
  'budget-runs:{budget-runs}',
  'budget-runs-expiry:{budget-runs}',
];

/** Written so that there is something to wait for where every write before it is to be confirmed. */
export const CONFIRMATION_KEY = 'budget-confirmed:{budget-runs}';
