import type { Event, NewEvent } from '@ae/contracts';
import type { Cluster, Redis } from 'ioredis';
import { MAX_EVENTS } from './event-log.ts';
import type { EventLog } from './event-log.ts';

const STREAM = 'ae:{events}';
/** How often a listener is told to look, in milliseconds: other processes append as well. */
const POLL_INTERVAL = 100;

/** The log that several control planes share: one Redis stream. */
export class RedisEventLog implements EventLog {
  readonly #redis: Redis | Cluster;

  constructor(redis: Redis | Cluster) {
    this.#redis = redis;
  }

  async append(event: NewEvent): Promise<Event> {
    const timestamp = new Date().toISOString();
    const json = JSON.stringify({ ...event, timestamp });
    const id = await this.#redis.xadd(STREAM, 'MAXLEN', '~', MAX_EVENTS, '*', 'json', json);
    return { ...event, id, timestamp } as Event;
  }

  async newest(): Promise<string> {
    const [entry] = await this.#redis.xrevrange(STREAM, '+', '-', 'COUNT', 1);
    return entry?.[0] ?? '0-0';
  }

  async read(after: string, limit: number): Promise<Event[]> {
    const entries = await this.#redis.xrange(STREAM, `(${after}`, '+', 'COUNT', limit);
    return entries.map(([id, fields]) => ({ ...(JSON.parse(fields[1] ?? '') as Event), id }));
  }

  onAppend(listener: () => void): () => void {
    const timer = setInterval(listener, POLL_INTERVAL);
    timer.unref();
    return () => clearInterval(timer);
  }
}
