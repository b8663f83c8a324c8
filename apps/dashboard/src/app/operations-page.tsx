import type { BudgetStatus } from '@ae/contracts';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { approvalList } from '../approvals/approval-list.ts';
import { AttentionPanel } from '../attention/attention-panel.tsx';
import { budgetList } from '../budgets/budget-list.ts';
import { BudgetsPanel } from '../budgets/budgets-panel.tsx';
import { CommandPanel } from '../commands/command-panel.tsx';
import { useLiveList } from '../live/use-live-list.ts';
import { runList } from '../runs/run-list.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { RunsPanel, rowId } from '../runs/runs-panel.tsx';
import { byAge, isOpen } from '../runs/run.ts';
import { useAddressState } from './address-state.ts';
import { FilterField } from './filter-field.tsx';
import { matchesBudget, matchesRun, parseFilter } from './filter.ts';
import { useShortcuts } from './shortcuts.ts';
import { Totals } from './totals.tsx';

/** What needs a person, the runs, their money, and one run in detail. */
export function OperationsPage() {
  const approvals = useLiveList(approvalList);
  const budgets = useLiveList(budgetList);
  const runs = useLiveList(runList);
  const [selected, select] = useAddressState('run');
  const [text, setText] = useAddressState('filter');
  const field = useRef<HTMLInputElement>(null);

  const filter = useMemo(() => parseFilter(text), [text]);
  const byId = useMemo(() => new Map(runs.rows.map((run) => [run.run_id, run])), [runs.rows]);
  const shownRuns = useMemo(
    () => runs.rows.filter((run) => matchesRun(filter, run)).sort(byAge),
    [runs.rows, filter],
  );
  const ended = useMemo(
    () => new Set(runs.rows.filter((run) => !isOpen(run)).map(({ run_id }) => run_id)),
    [runs.rows],
  );
  const matches = useCallback(
    (budget: BudgetStatus) => matchesBudget(filter, budget, byId.get(budget.run_id)),
    [filter, byId],
  );

  const move = (by: 1 | -1) => {
    const index = shownRuns.findIndex(({ run_id }) => run_id === selected);
    const next = shownRuns[index === -1 ? 0 : index + by];
    if (!next) return;
    select(next.run_id);
    document.getElementById(rowId(next.run_id))?.focus();
  };
  useShortcuts({
    '/': () => field.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    Escape: () => select(''),
  });

  const known = approvals.freshness === 'current';
  const waiting = known ? approvals.rows.length : '?';
  useEffect(() => {
    document.title = waiting === 0 ? 'AE Safety' : `(${waiting}) AE Safety`;
  }, [waiting]);

  return (
    <main className="mx-auto grid max-w-[1680px] items-start gap-3 p-3 sm:p-4 lg:grid-cols-[minmax(0,1fr)_minmax(22rem,30rem)]">
      <div className="grid min-w-0 gap-3">
        <Totals approvals={approvals} budgets={budgets} runs={runs} />
        <AttentionPanel approvals={approvals} budgets={budgets} runs={runs} onOpenRun={select} />
        <FilterField field={field} text={text} unknown={filter.unknown} onText={setText} />
        <RunsPanel runs={runs} shown={shownRuns} selected={selected} onSelect={select} />
        <BudgetsPanel budgets={budgets} ended={ended} matches={matches} onOpen={select} />
      </div>
      <div className="grid min-w-0 gap-3 lg:sticky lg:top-15 lg:max-h-[calc(100dvh-4.5rem)] lg:overflow-y-auto">
        <CommandPanel onRun={select} />
        {selected === '' ? (
          <p className="hidden rounded-lg border border-dashed border-line-strong px-3 py-6 text-center text-xs text-muted lg:block">
            Choose a run to see its steps, cost and output.
          </p>
        ) : (
          <RunPanel runId={selected} runs={runs} onClose={() => select('')} />
        )}
      </div>
    </main>
  );
}
