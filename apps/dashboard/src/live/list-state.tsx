import type { ReactNode } from 'react';
import { ApiError } from '../api/api-error.ts';
import { Button } from '../display/button.tsx';
import { formatAge } from '../display/duration.ts';
import { useNow } from '../display/now.ts';
import { Blank, Skeleton } from '../display/panel.tsx';
import { formatClock } from '../display/time.tsx';
import type { LiveRows } from './use-live-list.ts';

interface ListStateProps {
  list: LiveRows<unknown>;
  skeleton: number;
  /** Shown when the control plane answered that there is nothing. */
  empty: ReactNode;
  children: ReactNode;
}

/** The rows of a list, or what stands in their place. An empty answer alone shows as empty. */
export function ListState({ list, skeleton, empty, children }: ListStateProps) {
  if (list.freshness === 'loading') return <Skeleton rows={skeleton} />;
  if (list.freshness === 'failed') return <NotKnown error={list.error} />;
  if (list.rows.length === 0) {
    if (list.freshness === 'current') return empty;
    return <NotKnown error={list.error} />;
  }
  return (
    <>
      {children}
      {list.more && (
        <div className="border-t border-line px-3 py-1.5 text-center">
          <Button look="quiet" onClick={list.readMore} disabled={list.readingMore}>
            {list.readingMore ? 'Loading' : 'Load more'}
          </Button>
        </div>
      )}
    </>
  );
}

/** In place of rows: nobody knows what there is. The queue above tells it aloud. */
function NotKnown({ error }: { error: Error | null }) {
  return (
    <Blank title="Not known at the moment">
      {error instanceof ApiError ? `${error.title}. ${error.detail}` : 'Asking again.'}
    </Blank>
  );
}

/** How old the rows are, when they are not current. */
export function AsOf({ list }: { list: LiveRows<unknown> }) {
  const now = useNow();
  if (list.freshness !== 'stale') return null;
  return (
    <span className="text-warn tabular-nums">
      as of {formatClock(list.readAt)}, {formatAge(now - list.readAt)} ago
    </span>
  );
}
