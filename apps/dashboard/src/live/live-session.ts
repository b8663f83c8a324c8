import type { Event } from '@ae/contracts';
import { QueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { ApiClient } from '../api/api-client.ts';
import type { ApiError } from '../api/api-error.ts';
import { approvalList } from '../approvals/approval-list.ts';
import { budgetList } from '../budgets/budget-list.ts';
import { runList } from '../runs/run-list.ts';
import { RunOutput } from '../runs/run-output.ts';
import { readEvent } from './event.ts';
import { EventJournal } from './event-journal.ts';
import { LiveConnection } from './live-connection.ts';
import { changePage, changePages } from './live-list.ts';
import type { Change, ListData, ListPage, LiveList } from './live-list.ts';
import type { SseMessage } from './sse-parser.ts';

/** What the page knows of the control plane under one key, kept up to date by its events. */
export class LiveSession {
  readonly api: ApiClient;
  readonly queries = new QueryClient({
    defaultOptions: {
      queries: {
        // Events keep the data up to date, and useLiveList asks again while they do not.
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: Number.POSITIVE_INFINITY,
        retry: false,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  readonly connection: LiveConnection;
  readonly output = new RunOutput();
  readonly #journal = new EventJournal();

  constructor(key: string, onUnauthenticated: (error: ApiError) => void) {
    this.api = new ApiClient(key, onUnauthenticated);
    this.connection = new LiveConnection({
      open: (lastEventId, signal) => this.api.events(lastEventId, signal),
      onMessages: (messages) => this.#receive(messages),
      onConnected: () => this.#refresh(),
    });
  }

  /** One page of a list, no older than the events that have come. */
  readPage<Row>(
    list: LiveList<Row>,
    cursor: string | undefined,
    signal: AbortSignal,
  ): Promise<ListPage<Row>> {
    return this.#journal.upToDate(
      () => this.api.get(list.path(cursor), list.page, signal),
      (page, event) => {
        const change = list.changeOf(event);
        return change ? changePage(list, page, change, cursor === undefined) : page;
      },
    );
  }

  /** Shows what an answer brought before its event comes. */
  change<Row>(list: LiveList<Row>, ...changes: readonly Change<Row>[]): void {
    if (changes.length === 0) return;
    this.queries.setQueryData<ListData<Row>>([list.name], (data) =>
      data ? changes.reduce((now, change) => changePages(list, now, change), data) : data,
    );
  }

  #receive(messages: readonly SseMessage[]): void {
    const read = messages.map(readEvent);
    const events = read.filter((event) => event !== undefined);
    this.#journal.append(events);
    this.#apply(budgetList, events);
    this.#apply(runList, events);
    this.#apply(approvalList, events);
    for (const event of events) {
      if (event.type === 'run.output') this.output.append(event.data);
    }
    // Something that this page cannot read happened: ask for what it may have changed.
    if (events.length < read.length) this.#refresh();
  }

  #apply<Row>(list: LiveList<Row>, events: readonly Event[]): void {
    const changes = events.map((event) => list.changeOf(event)).filter((change) => !!change);
    this.change(list, ...changes);
  }

  #refresh(): void {
    void this.queries.invalidateQueries();
  }
}

const LiveSessionContext = createContext<LiveSession | undefined>(undefined);

export const LiveSessionProvider = LiveSessionContext.Provider;

export function useLiveSession(): LiveSession {
  const session = use(LiveSessionContext);
  if (!session) throw new Error('useLiveSession needs a LiveSessionProvider above it');
  return session;
}
