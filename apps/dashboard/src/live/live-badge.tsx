import { formatAge } from '../display/duration.ts';
import { useNow } from '../display/now.ts';
import { formatClock } from '../display/time.tsx';
import { useLiveSession } from './live-session.ts';
import { livePhase } from './live-state.ts';
import type { LivePhase, LiveState } from './live-state.ts';
import { useLiveState } from './use-live-list.ts';

const looks: Record<LivePhase, string> = {
  connecting: 'text-muted before:border before:border-current',
  live: 'text-good before:bg-current',
  reconnecting: 'text-warn before:border before:border-current',
  stale: 'text-warn before:bg-current before:rounded-none',
  unavailable: 'text-danger before:bg-current before:rounded-none before:rotate-45',
};

/** Whether the page shows the present, and since when it does not. */
export function LiveBadge() {
  const { connection } = useLiveSession();
  const state = useLiveState();
  const now = useNow();
  const phase = livePhase(state, now);
  const { error, retryAt } = state;
  const broken = phase === 'stale' || phase === 'unavailable';
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 text-xs">
      <span
        className={`inline-flex items-center gap-1.5 font-medium before:size-2 before:rounded-full ${looks[phase]}`}
      >
        <span role="status">{words[phase](state)}</span>
        <span className="font-normal text-muted tabular-nums">{age(phase, state, now)}</span>
      </span>
      {broken && (
        <span className="text-muted">
          {error?.title}
          {retryAt !== undefined &&
            retryAt > now &&
            `; next try in ${formatAge(retryAt - now)}`}{' '}
          <button
            type="button"
            onClick={connection.retryNow}
            className="rounded font-medium text-accent underline underline-offset-2"
          >
            Try now
          </button>
        </span>
      )}
    </div>
  );
}

/** Spoken when it changes: it must not hold the seconds. */
const words: Record<LivePhase, (state: LiveState) => string> = {
  connecting: () => 'Connecting',
  live: () => 'Live',
  reconnecting: () => 'Reconnecting',
  stale: ({ heardAt }) => `Stale since ${formatClock(heardAt ?? 0)}`,
  unavailable: () => 'Unavailable',
};

function age(phase: LivePhase, { heardAt, lostAt }: LiveState, now: number): string {
  if (phase === 'live' && heardAt !== undefined) return `heard ${ago(now - heardAt)}`;
  if (phase === 'stale' && lostAt !== undefined) return formatAge(now - lostAt);
  return '';
}

function ago(milliseconds: number): string {
  return milliseconds < 1000 ? 'now' : `${formatAge(milliseconds)} ago`;
}
