import type { Run } from '@ae/contracts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../display/button.tsx';
import { formatUsd } from '../display/money.ts';
import { Panel, Skeleton } from '../display/panel.tsx';
import { ErrorNotice, ProblemNotice } from '../display/problem-notice.tsx';
import { Age } from '../display/time.tsx';
import { AsOf } from '../live/list-state.tsx';
import { useLiveSession } from '../live/live-session.ts';
import type { LiveRows } from '../live/use-live-list.ts';
import { RunResults } from './run-results.tsx';
import { RunStatusMark } from './run-status.tsx';
import { RunSteps } from './run-steps.tsx';
import { runList } from './run-list.ts';
import { isOpen, runSchema } from './run.ts';

interface RunPanelProps {
  runId: string;
  runs: LiveRows<Run>;
  onClose: () => void;
}

/** One run: what it is, where it stands, each step, what it printed and what to do. */
export function RunPanel({ runId, runs, onClose }: RunPanelProps) {
  const listed = runs.rows.find(({ run_id }) => run_id === runId);
  // A run further down than the list was read, as from a link.
  const { api } = useLiveSession();
  const single = useQuery({
    queryKey: ['run', runId],
    queryFn: ({ signal }) => api.get(pathOf(runId), runSchema, signal),
    enabled: !listed && runs.freshness !== 'loading',
    refetchInterval: listed ? false : 4000,
  });
  const run = listed ?? single.data;
  const close = (
    <Button look="quiet" onClick={onClose}>
      Close
    </Button>
  );
  if (!run) {
    return (
      <Panel title="Run" aside={close}>
        {single.error ? <ErrorNotice error={single.error} /> : <Skeleton rows={4} />}
      </Panel>
    );
  }
  const stale = listed ? runs.freshness === 'stale' : single.error !== null;
  const readAt = listed ? runs.readAt : single.dataUpdatedAt;
  return (
    <Panel
      title="Run"
      stale={stale}
      aside={
        <>
          {listed && <AsOf list={runs} />}
          {close}
        </>
      }
    >
      <RunDetail key={run.run_id} run={run} until={stale ? readAt : undefined} />
    </Panel>
  );
}

function RunDetail({ run, until }: { run: Run; until: number | undefined }) {
  const { spent, held, limit, remaining } = run.budget;
  const top = useRef<HTMLDivElement>(null);

  // Where the panel stands below the list, a run that was chosen comes into view.
  useEffect(() => {
    // Its answer, a promise in newer browsers, must not be taken for a clean-up.
    top.current?.scrollIntoView({ block: 'nearest' });
  }, []);

  return (
    <div ref={top} className="scroll-my-14">
      <div className="space-y-2 px-3 py-2.5">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
          <RunStatusMark status={run.status} />
          <span className="text-muted">
            began <Age of={run.created_at} /> ago
          </span>
          {isOpen(run) && <CancelButton runId={run.run_id} />}
        </div>
        <pre
          className="max-h-40 overflow-auto text-xs wrap-anywhere whitespace-pre-wrap"
          tabIndex={0}
        >
          {run.title}
        </pre>
        <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-xs">
          <dt className="text-muted">Run</dt>
          <dd className="font-mono wrap-anywhere">{run.run_id}</dd>
          <dt className="text-muted">Money</dt>
          <dd className="tabular-nums">
            {formatUsd(spent)} spent{held > 0 && `, ${formatUsd(held)} held`} of {formatUsd(limit)};{' '}
            {formatUsd(remaining)} remain
          </dd>
        </dl>
      </div>
      {run.error && <ProblemNotice title={run.error.title} detail={run.error.detail} />}
      {run.steps.length > 0 && (
        <div className="border-t border-line py-1">
          <h3 className="sr-only">Steps</h3>
          <RunSteps steps={run.steps} until={until} />
        </div>
      )}
      <div className="space-y-3 border-t border-line px-3 py-2.5 empty:hidden">
        <RunResults run={run} current={until === undefined} />
      </div>
    </div>
  );
}

/** Cancelling cannot be undone: it asks once more. */
function CancelButton({ runId }: { runId: string }) {
  const session = useLiveSession();
  const [asked, setAsked] = useState(false);
  const cancel = useMutation({
    mutationFn: () => session.api.post(`${pathOf(runId)}/cancel`, {}, runSchema),
    onSuccess: (run) => session.change(runList, { put: run }),
    onSettled: () => setAsked(false),
  });
  return (
    <>
      <span className="ml-auto flex gap-1.5">
        {asked ? (
          <>
            <Button look="quiet" onClick={() => setAsked(false)}>
              Keep running
            </Button>
            <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
              {cancel.isPending ? 'Cancelling' : 'Yes, cancel it'}
            </Button>
          </>
        ) : (
          <Button look="danger" onClick={() => setAsked(true)}>
            Cancel run
          </Button>
        )}
      </span>
      {cancel.error && (
        <div className="w-full">
          <ErrorNotice error={cancel.error} />
        </div>
      )}
    </>
  );
}

function pathOf(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
}
