import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats a call until it does not fail any more. */
export async function untilItWorks(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await call();
      return;
    } catch {
      await sleep(10);
    }
  }
}
