import type { Event } from '@ae/contracts';
import type { InfiniteData } from '@tanstack/react-query';
import type * as z from 'zod/mini';

export interface ListPage<Row> {
  rows: readonly Row[];
  /** Where the next page begins; absent on the last one. */
  next?: string | undefined;
}

/** What an event means for a list. */
export type Change<Row> = { put: Row } | { remove: string };

/** A list of the API and how the events keep it up to date. */
export interface LiveList<Row> {
  name: string;
  path: (cursor: string | undefined) => string;
  page: z.ZodMiniType<ListPage<Row>>;
  idOf: (row: Row) => string;
  changeOf: (event: Event) => Change<Row> | undefined;
  /** Whether `row` is from before `present`, by what the rows tell of themselves. */
  isOlder?: (row: Row, present: Row) => boolean;
}

export type ListData<Row> = InfiniteData<ListPage<Row>, string | undefined>;

/** A page with a change made. A row that is not there is added at the start if `insert` says so. */
export function changePage<Row>(
  list: LiveList<Row>,
  page: ListPage<Row>,
  change: Change<Row>,
  insert: boolean,
): ListPage<Row> {
  const id = 'put' in change ? list.idOf(change.put) : change.remove;
  const index = page.rows.findIndex((row) => list.idOf(row) === id);
  const present = page.rows[index];
  if ('remove' in change) {
    return present ? { ...page, rows: page.rows.toSpliced(index, 1) } : page;
  }
  if (!present) return insert ? { ...page, rows: [change.put, ...page.rows] } : page;
  if (list.isOlder?.(change.put, present)) return page;
  return { ...page, rows: page.rows.with(index, change.put) };
}

/** All pages with a change made; a row that none of them has is added to the first. */
export function changePages<Row>(
  list: LiveList<Row>,
  data: ListData<Row>,
  change: Change<Row>,
): ListData<Row> {
  const id = 'put' in change ? list.idOf(change.put) : change.remove;
  const known = data.pages.some(({ rows }) => rows.some((row) => list.idOf(row) === id));
  return {
    ...data,
    pages: data.pages.map((page, index) => changePage(list, page, change, !known && index === 0)),
  };
}

/** The rows of all pages, each once: a row may move between pages while they are read. */
export function rowsOf<Row>(list: LiveList<Row>, pages: readonly ListPage<Row>[]): Row[] {
  const rows = new Map<string, Row>();
  for (const row of pages.flatMap((page) => page.rows)) {
    const id = list.idOf(row);
    const present = rows.get(id);
    if (!present || list.isOlder?.(present, row)) rows.set(id, row);
  }
  return [...rows.values()];
}
