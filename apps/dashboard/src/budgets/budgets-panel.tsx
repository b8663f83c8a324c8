import type { BudgetStatus } from '@ae/contracts';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Button } from '../display/button.tsx';
import { formatUsd } from '../display/money.ts';
import { Blank, Panel } from '../display/panel.tsx';
import { ErrorNotice } from '../display/problem-notice.tsx';
import { ShortName } from '../display/short-name.tsx';
import { shortNames } from '../display/short-names.ts';
import { formatExact } from '../display/time.tsx';
import { UsdCell } from '../display/usd.tsx';
import { AsOf, ListState } from '../live/list-state.tsx';
import { useLiveSession } from '../live/live-session.ts';
import { countText } from '../live/use-live-list.ts';
import type { LiveRows } from '../live/use-live-list.ts';
import { BudgetBar } from './budget-bar.tsx';
import { budgetList } from './budget-list.ts';
import { budgetSchema, byUrgency } from './budget.ts';

/** Characters of a run's name in the table. */
const NAME_LENGTH = 28;

interface BudgetsPanelProps {
  budgets: LiveRows<BudgetStatus>;
  /** Runs that have ended: their budgets hide behind their count. */
  ended: ReadonlySet<string>;
  matches: (budget: BudgetStatus) => boolean;
  onOpen: (runId: string) => void;
}

export function BudgetsPanel({ budgets, ended, matches, onOpen }: BudgetsPanelProps) {
  const [showEnded, setShowEnded] = useState(false);
  const session = useLiveSession();
  // A key that reads this list has the scope that may do this too.
  const freeze = useMutation({
    mutationFn: ({ run_id, frozen }: BudgetStatus) =>
      session.api.post(frozen ? '/budget/unfreeze' : '/budget/freeze', { run_id }, budgetSchema),
    onSuccess: (status) => session.change(budgetList, { put: status }),
  });
  const { rows } = budgets;
  const names = useMemo(
    () =>
      shortNames(
        rows.map((row) => row.run_id),
        NAME_LENGTH,
      ),
    [rows],
  );
  const found = useMemo(() => rows.filter(matches).sort(byUrgency), [rows, matches]);
  const hidden = found.filter(({ run_id }) => ended.has(run_id)).length;
  const shown = showEnded ? found : found.filter(({ run_id }) => !ended.has(run_id));
  return (
    <Panel
      title="Budgets"
      count={countText(budgets, rows.length)}
      stale={budgets.freshness === 'stale'}
      aside={
        <>
          <AsOf list={budgets} />
          {hidden > 0 && (
            <Button look="quiet" aria-pressed={showEnded} onClick={() => setShowEnded(!showEnded)}>
              {showEnded ? 'Hide' : 'Show'} {hidden} of ended runs
            </Button>
          )}
        </>
      }
    >
      {freeze.error && <ErrorNotice error={freeze.error} />}
      <ListState
        list={budgets}
        skeleton={3}
        empty={
          <Blank title="No budgets yet">
            A budget comes with a run: run a command here, or POST /api/v1/safety/budget/create.
          </Blank>
        }
      >
        {shown.length === 0 ? (
          <p className="px-3 py-3 text-xs text-muted">
            {found.length === 0
              ? 'No budget matches the filter.'
              : 'No budget of a run that goes on.'}
          </p>
        ) : (
          <table className="w-full text-xs leading-4.5">
            <thead className="text-left text-[11px] text-muted">
              <tr>
                <th className="px-3 py-1 font-medium">Run</th>
                <th className="hidden w-1/4 px-2 py-1 font-medium sm:table-cell">Use</th>
                <th className="px-2 py-1 text-right font-medium">Spent + held / limit</th>
                <th className="px-2 py-1 text-right font-medium">Remaining</th>
                <th className="hidden py-1 pr-3 sm:table-cell">
                  <span className="sr-only">Action</span>
                </th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line border-t border-line">
              {shown.map((budget) => (
                <BudgetRow
                  key={budget.run_id}
                  budget={budget}
                  short={names.get(budget.run_id)}
                  onOpen={onOpen}
                  onFreeze={freeze.mutate}
                  locked={budgets.freshness !== 'current' || freeze.isPending}
                />
              ))}
            </tbody>
          </table>
        )}
      </ListState>
    </Panel>
  );
}

interface BudgetRowProps {
  budget: BudgetStatus;
  short: string | undefined;
  onOpen: (runId: string) => void;
  /** Freezes the budget, or ends that. */
  onFreeze: (budget: BudgetStatus) => void;
  locked: boolean;
}

function BudgetRow({ budget, short, onOpen, onFreeze, locked }: BudgetRowProps) {
  const word = budget.frozen ? 'Unfreeze' : 'Freeze';
  // A narrow page has no column for it.
  const freezeButton = !budget.closed && (
    <Button
      look="quiet"
      className="h-6 px-1.5"
      aria-label={`${word} ${budget.run_id}`}
      disabled={locked}
      onClick={() => onFreeze(budget)}
    >
      {word}
    </Button>
  );
  return (
    <tr className="hover:bg-hover">
      <td className="px-3 py-1">
        <button
          type="button"
          onClick={() => onOpen(budget.run_id)}
          className="rounded text-left hover:underline"
        >
          <ShortName name={budget.run_id} short={short} />
        </button>
        {budget.parent !== undefined && (
          <span className="text-muted wrap-anywhere"> in {budget.parent}</span>
        )}
      </td>
      <td className="hidden px-2 py-1 sm:table-cell">
        <BudgetBar budget={budget} />
      </td>
      <td className="px-2 py-1 text-right tabular-nums">
        {formatUsd(budget.spent)}
        <span className="text-muted">
          {budget.held > 0 && ` + ${formatUsd(budget.held)}`} / {formatUsd(budget.limit)}
          <WindowWord budget={budget} />
        </span>
      </td>
      <td className="px-2 py-1 text-right tabular-nums">
        <Remaining budget={budget} />
        <div className="sm:hidden">{freezeButton}</div>
      </td>
      <td className="hidden py-0.5 pr-3 text-right sm:table-cell">{freezeButton}</td>
    </tr>
  );
}

/** How often the spend begins anew, and when next. */
function WindowWord({ budget: { window, window_ends_at: endsAt } }: { budget: BudgetStatus }) {
  if (window === undefined) return null;
  return <span title={endsAt && `until ${formatExact(endsAt)}`}> a {window}</span>;
}

/** What a new hold may take, or the word for why it may take nothing. */
function Remaining({ budget }: { budget: BudgetStatus }) {
  if (budget.closed) return <span className="text-muted">Settled</span>;
  return (
    <>
      {budget.frozen && <span className="mr-1.5 font-medium text-warn">Frozen</span>}
      {budget.exceeded ? (
        <span className="font-medium text-danger">Exceeded</span>
      ) : (
        <UsdCell amount={budget.remaining} />
      )}
    </>
  );
}
