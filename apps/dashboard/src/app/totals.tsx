import type { Approval, BudgetStatus, Run } from '@ae/contracts';
import { formatUsd, sumUsd } from '../display/money.ts';
import type { LiveRows } from '../live/use-live-list.ts';
import { countText } from '../live/use-live-list.ts';

interface TotalsProps {
  approvals: LiveRows<Approval>;
  budgets: LiveRows<BudgetStatus>;
  runs: LiveRows<Run>;
}

/** The state of everything in one line. A figure that is not known to be true is a `?`. */
export function Totals({ approvals, budgets, runs }: TotalsProps) {
  const running = runs.rows.filter(({ status }) => status === 'running' || status === 'queued');
  const exceeded = budgets.rows.filter((budget) => budget.exceeded);
  // What a child holds is held at its parent, and what a settled one spent is charged there.
  const topmost = budgets.rows.filter(({ parent }) => parent === undefined);
  const unsettled = budgets.rows.filter(({ closed }) => !closed);
  const money = (amounts: number[]) =>
    budgets.freshness !== 'current'
      ? '?'
      : `${budgets.more ? '≥ ' : ''}${formatUsd(sumUsd(amounts))}`;
  const figures = [
    ['Running', countText(runs, running.length)],
    ['Waiting for approval', countText(approvals, approvals.rows.length)],
    ['Over budget', countText(budgets, exceeded.length)],
    ['Held', money(topmost.map(({ held }) => held))],
    ['Spent', money(unsettled.map(({ spent }) => spent))],
  ] as const;
  return (
    <dl
      aria-label="Totals"
      className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-5"
    >
      {figures.map(([name, value]) => (
        <div
          key={name}
          className="bg-surface px-3 py-1.5 last:odd:col-span-2 sm:last:odd:col-span-1"
        >
          <dt className="text-[11px] text-muted">{name}</dt>
          <dd className="text-[15px] font-semibold tabular-nums" data-figure={name}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
