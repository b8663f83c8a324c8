import type { BudgetStore } from '../src/budget-store.ts';
import { StoreUnavailableError } from '../src/budget-error.ts';

/** A store of which one call fails: before it reaches the real one, or after, when only its answer is lost. */
export function failingStore(
  store: BudgetStore,
  failingCall: number,
  when: 'before' | 'after',
): { readonly store: BudgetStore; hasFailed(): boolean } {
  let calls = 0;
  let failed = false;
  const proxy = new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        calls += 1;
        const isFailing = calls === failingCall;
        if (isFailing) failed = true;
        if (isFailing && when === 'before') throw new StoreUnavailableError('test', 'lost');
        const answer: unknown = await Reflect.apply(method, target, args);
        if (isFailing) throw new StoreUnavailableError('test', 'lost');
        return answer;
      };
    },
  });
  return { store: proxy, hasFailed: () => failed };
}
