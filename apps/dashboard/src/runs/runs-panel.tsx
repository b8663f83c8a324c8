import type { Run } from '@ae/contracts';
import { Blank, Panel } from '../display/panel.tsx';
import { Age } from '../display/time.tsx';
import { UsdCell } from '../display/usd.tsx';
import { AsOf, ListState } from '../live/list-state.tsx';
import { countText } from '../live/use-live-list.ts';
import type { LiveRows } from '../live/use-live-list.ts';
import { RunStatusMark } from './run-status.tsx';

interface RunsPanelProps {
  runs: LiveRows<Run>;
  /** The rows to show, in their order. */
  shown: readonly Run[];
  selected: string;
  onSelect: (runId: string) => void;
}

export function RunsPanel({ runs, shown, selected, onSelect }: RunsPanelProps) {
  return (
    <Panel
      id="runs"
      title="Runs"
      count={countText(runs, runs.rows.length)}
      stale={runs.freshness === 'stale'}
      aside={<AsOf list={runs} />}
    >
      <ListState
        list={runs}
        skeleton={6}
        empty={
          <Blank title="No runs yet">
            Run a command on this page, or POST /api/v1/safety/runs. It appears here at once.
          </Blank>
        }
      >
        {shown.length === 0 ? (
          <p className="px-3 py-3 text-xs text-muted">No run matches the filter.</p>
        ) : (
          <table className="w-full table-fixed text-xs leading-4.5">
            <thead className="text-left text-[11px] text-muted">
              <tr>
                <th className="w-30 px-3 py-1 font-medium sm:w-44">Status</th>
                <th className="px-2 py-1 font-medium">What runs</th>
                <th className="hidden w-28 px-2 py-1 text-right font-medium sm:table-cell">Cost</th>
                <th className="w-16 px-3 py-1 text-right font-medium">Age</th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line border-t border-line">
              {shown.map((run) => (
                <RunRow
                  key={run.run_id}
                  run={run}
                  selected={run.run_id === selected}
                  onSelect={onSelect}
                />
              ))}
            </tbody>
          </table>
        )}
      </ListState>
    </Panel>
  );
}

interface RunRowProps {
  run: Run;
  selected: boolean;
  onSelect: (runId: string) => void;
}

function RunRow({ run, selected, onSelect }: RunRowProps) {
  return (
    <tr
      onClick={() => onSelect(run.run_id)}
      className={`cursor-pointer ${selected ? 'bg-selected shadow-[inset_2px_0] shadow-accent' : 'hover:bg-hover'}`}
    >
      <td className="px-3 py-1">
        <RunStatusMark status={run.status} />
      </td>
      <td className="px-2 py-1">
        <button
          type="button"
          id={rowId(run.run_id)}
          aria-current={selected || undefined}
          title={run.title}
          className="line-clamp-2 w-full rounded text-left font-mono wrap-anywhere sm:line-clamp-1"
        >
          {run.title}
        </button>
      </td>
      <td className="hidden px-2 py-1 text-right sm:table-cell">
        <UsdCell amount={run.budget.spent} />
      </td>
      <td className="px-3 py-1 text-right whitespace-nowrap text-muted tabular-nums">
        <Age of={run.created_at} />
      </td>
    </tr>
  );
}

/** The element that takes the focus when a run is reached by key. */
export function rowId(runId: string): string {
  return `run:${runId}`;
}
