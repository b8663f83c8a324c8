import { once } from 'node:events';
import { BudgetTracker } from '../src/budget-tracker.ts';
import type { BudgetStatus } from '../src/budget-status.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import type { FamilySums } from './family-member.ts';
import { startStore } from './store-fixtures.ts';
import type { StoreKind } from './store-fixtures.ts';

const PARENT = 'tenant';

/** What became of a parent whose children several processes have made, used and settled. */
export interface FamilyRace {
  /** Of all processes together. */
  readonly sums: FamilySums;
  readonly parent: BudgetStatus;
  /** Looks at the parent while it went on, and those at which it had more than its limit spent and held. */
  readonly looks: number;
  readonly overruns: readonly BudgetStatus[];
}

/** Lets processes race for the children of one parent that has room for a few at a time. */
export async function raceFamily(options: {
  kind: StoreKind;
  processes: number;
  workers: number;
  rounds: number;
  limits: { usd: number; tokens: number };
}): Promise<FamilyRace> {
  const { kind, processes, workers, rounds, limits } = options;
  const fixture = await startStore(kind);
  const members: Child[] = [];
  try {
    const tracker = new BudgetTracker(fixture.connect());
    const units = { tokens: limits.tokens };
    await tracker.create(PARENT, limits.usd, { lasting: true, limits: units });
    const args = [kind, fixture.address, PARENT, String(workers), String(rounds)];
    const starts = Array.from({ length: processes }, () => startChild('family-member', args));
    members.push(...(await Promise.all(starts)));
    const race = { isOver: false };
    const told = Promise.all(
      members.map(async ({ process, lines, succeeded }) => {
        const line = once(lines, 'line');
        process.stdin.write('go\n');
        await succeeded();
        return JSON.parse(String((await line)[0])) as FamilySums;
      }),
    ).finally(() => {
      race.isOver = true;
    });
    const overruns: BudgetStatus[] = [];
    let looks = 0;
    for (; !race.isOver; looks += 1) {
      const status = await tracker.status(PARENT);
      if (isOverrun(status)) overruns.push(status);
      await new Promise(setImmediate);
    }
    const sums = (await told).reduce((total, of) => ({
      usd: total.usd + of.usd,
      tokens: total.tokens + of.tokens,
      children: total.children + of.children,
      refused: total.refused + of.refused,
    }));
    return { sums, parent: await tracker.status(PARENT), looks, overruns };
  } finally {
    // Where one has failed the others go on, and keep the test from its end.
    for (const member of members) member.kill();
    await fixture.stop();
  }
}

function isOverrun({ spent, held, limit, units = {} }: BudgetStatus): boolean {
  // USD are exact to the micro-dollar, their sums are not.
  const isOver = (of: { spent: number; held: number; limit: number }): boolean =>
    of.spent + of.held > of.limit + 1e-7;
  return [{ spent, held, limit }, ...Object.values(units)].some(isOver);
}
