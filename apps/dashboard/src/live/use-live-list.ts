import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { useFromNow } from '../display/now.ts';
import { rowsOf } from './live-list.ts';
import type { ListPage, LiveList } from './live-list.ts';
import { useLiveSession } from './live-session.ts';
import { HICCUP, livePhase } from './live-state.ts';
import type { LivePhase, LiveState } from './live-state.ts';

/** While no events come, or a list could not be read, it is asked for again this often (ms): an
 * answer counts as current for a little longer. */
const POLL = 4000;

export function useLiveState(): LiveState {
  const { connection } = useLiveSession();
  return useSyncExternalStore(connection.subscribe, connection.state);
}

export function useLivePhase(): LivePhase {
  const state = useLiveState();
  return useFromNow((now) => livePhase(state, now));
}

/**
 * - `loading`: no answer yet;
 * - `current`: what is shown is true now;
 * - `stale`: it was true at `readAt`;
 * - `failed`: there never was an answer, `error` says why.
 */
export type Freshness = 'loading' | 'current' | 'stale' | 'failed';

export interface LiveRows<Row> {
  rows: readonly Row[];
  freshness: Freshness;
  /** When the rows were last known to be true, in milliseconds since the epoch. */
  readAt: number;
  error: Error | null;
  /** Whether there are rows that were not read. */
  more: boolean;
  readMore: () => void;
  readingMore: boolean;
}

/** A list of the API, kept up to date. */
export function useLiveList<Row>(list: LiveList<Row>): LiveRows<Row> {
  const session = useLiveSession();
  const phase = useLivePhase();
  const following = phase === 'live' || phase === 'reconnecting' || phase === 'connecting';
  const query = useInfiniteQuery<ListPage<Row>>({
    queryKey: [list.name],
    queryFn: ({ pageParam, signal }) =>
      session.readPage(list, pageParam as string | undefined, signal),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (phase === 'live' && state.status !== 'error' ? false : POLL),
  });
  const { data, error, dataUpdatedAt } = query;
  const recent = useFromNow((now) => now - dataUpdatedAt < HICCUP);
  const rows = useMemo(() => (data ? rowsOf(list, data.pages) : []), [list, data]);
  return {
    rows,
    freshness: !data
      ? error
        ? 'failed'
        : 'loading'
      : (following && !error) || recent
        ? 'current'
        : 'stale',
    readAt: dataUpdatedAt,
    error,
    more: query.hasNextPage,
    readMore: () => void query.fetchNextPage(),
    readingMore: query.isFetchingNextPage,
  };
}

/** A count for a reader: `?` while it is not known to be true, `200+` while there may be more. */
export function countText({ freshness, more }: LiveRows<unknown>, count: number): string {
  if (freshness !== 'current') return '?';
  return more ? `${count}+` : String(count);
}
