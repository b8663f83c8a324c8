import type { Approval, BudgetStatus, Run } from '@ae/contracts';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { ApprovalCard } from '../approvals/approval-card.tsx';
import { byExpiry } from '../approvals/approval.ts';
import { Button } from '../display/button.tsx';
import { Icon } from '../display/icon.tsx';
import type { IconName } from '../display/icon.tsx';
import { formatUsd } from '../display/money.ts';
import { useNow } from '../display/now.ts';
import { Panel, Skeleton } from '../display/panel.tsx';
import { ErrorNotice } from '../display/problem-notice.tsx';
import { formatClock } from '../display/time.tsx';
import { formatAge } from '../display/duration.ts';
import { useLiveState } from '../live/use-live-list.ts';
import type { LiveRows } from '../live/use-live-list.ts';

/** Rows of one kind that are shown before the rest folds. */
const UNFOLDED = 3;

const PANEL_ID = 'attention';

interface AttentionPanelProps {
  approvals: LiveRows<Approval>;
  budgets: LiveRows<BudgetStatus>;
  runs: LiveRows<Run>;
  onOpenRun: (runId: string) => void;
}

/** One queue of what needs a person, soonest to run out first. */
export function AttentionPanel({ approvals, budgets, runs, onOpenRun }: AttentionPanelProps) {
  const waiting = [...approvals.rows].sort(byExpiry);
  const [chosen, choose] = useState<string>();
  const [decided, setDecided] = useState('');
  // The first one that waits stands open, so deciding one opens the next.
  const opened = waiting.find(({ approval_id }) => approval_id === chosen) ?? waiting[0];
  const troubled = runs.rows.filter(({ status }) => status === 'needs_attention');
  const exceeded = budgets.rows.filter((budget) => budget.exceeded);
  const lists = [approvals, budgets, runs];
  const known = lists.every(({ freshness }) => freshness === 'current');
  const failed = lists.find(({ freshness }) => freshness === 'failed');
  const count = waiting.length + troubled.length + exceeded.length;
  const old = (list: LiveRows<unknown>) => list.freshness === 'stale' || undefined;

  return (
    <Panel id={PANEL_ID} title="Needs a person" count={known ? String(count) : '?'}>
      <p role="status" className="sr-only">
        {decided} {known && waiting.length > 0 && `Approvals that wait: ${waiting.length}.`}
      </p>
      <div className="divide-y divide-line">
        <div data-stale={old(approvals)} className="divide-y divide-line empty:hidden">
          {waiting.map((approval) => (
            <ApprovalCard
              key={approval.approval_id}
              approval={approval}
              open={approval === opened}
              onOpen={() => choose(approval.approval_id)}
              onDecided={(status) => {
                setDecided(`The request is ${status}.`);
                // The card with the focus goes: the focus stays in the queue.
                document.getElementById(PANEL_ID)?.focus();
              }}
              locked={approvals.freshness !== 'current'}
              onOpenRun={onOpenRun}
            />
          ))}
        </div>
        <Fold stale={old(runs)} word="runs need attention">
          {troubled.map((run) => (
            <AttentionRow
              key={run.run_id}
              icon="warning"
              look="text-warn"
              title="Run needs attention"
              onOpen={() => onOpenRun(run.run_id)}
            >
              <code className="wrap-anywhere">{run.title}</code>
              {run.error && <>: {run.error.detail}</>}
            </AttentionRow>
          ))}
        </Fold>
        <Fold stale={old(budgets)} word="budgets are exceeded">
          {exceeded.map((budget) => (
            <AttentionRow
              key={budget.run_id}
              icon="money"
              look="text-danger"
              title="Budget exceeded"
              onOpen={() => onOpenRun(budget.run_id)}
            >
              <code className="wrap-anywhere">{budget.run_id}</code> spent{' '}
              <span className="tabular-nums">{formatUsd(budget.spent)}</span> of{' '}
              <span className="tabular-nums">{formatUsd(budget.limit)}</span>: no new work is
              admitted
            </AttentionRow>
          ))}
        </Fold>
        {failed && <ErrorNotice error={failed.error} />}
        {!failed && lists.some(({ freshness }) => freshness === 'loading') && <Skeleton rows={1} />}
        {known && count === 0 && <NothingWaits />}
      </div>
    </Panel>
  );
}

/** That nothing waits is worth something only with the proof that the page sees. */
function NothingWaits() {
  const { eventAt } = useLiveState();
  const now = useNow();
  return (
    <p className="flex flex-wrap items-center gap-x-2 px-3 py-2.5 text-xs text-muted">
      <Icon name="check" className="text-good" />
      <span className="font-medium text-ink">Nothing waits for a person.</span>
      <span className="tabular-nums">
        {eventAt === undefined
          ? 'No event since the page was opened.'
          : `Last event at ${formatClock(eventAt)}, ${formatAge(now - eventAt)} ago.`}
      </span>
    </p>
  );
}

interface AttentionRowProps {
  icon: IconName;
  look: string;
  title: string;
  onOpen: () => void;
  children: ReactNode;
}

function AttentionRow({ icon, look, title, onOpen, children }: AttentionRowProps) {
  return (
    <div className="flex items-center gap-2 px-3 py-1.5 text-xs">
      <Icon name={icon} className={look} />
      <p className="min-w-0 flex-1 text-pretty">
        <span className={`font-medium ${look}`}>{title}.</span> {children}
      </p>
      <Button onClick={onOpen}>Open run</Button>
    </div>
  );
}

interface FoldProps {
  stale: true | undefined;
  /** What the folded rows are, in the plural. */
  word: string;
  children: readonly ReactNode[];
}

function Fold({ stale, word, children }: FoldProps) {
  const [open, setOpen] = useState(false);
  const folded = children.length - UNFOLDED;
  if (children.length === 0) return null;
  return (
    <div data-stale={stale} className="divide-y divide-line">
      {open ? children : children.slice(0, UNFOLDED)}
      {folded > 0 && (
        <div className="px-3 py-1">
          <Button look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Show fewer' : `${folded} more ${word}`}
          </Button>
        </div>
      )}
    </div>
  );
}
