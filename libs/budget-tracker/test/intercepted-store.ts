import type { BudgetStore } from '../src/budget-store.ts';

/** A store in which something else happens before each call of one verb: told how often it was called before. */
export function interceptedStore(
  store: BudgetStore,
  verb: keyof BudgetStore,
  before: (calls: number) => Promise<unknown>,
): BudgetStore {
  let calls = 0;
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        if (name === verb) await before(calls++);
        return Reflect.apply(method, target, args) as unknown;
      };
    },
  });
}
