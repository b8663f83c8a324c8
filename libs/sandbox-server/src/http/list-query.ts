import type { SandboxRecord } from '../lifecycle/sandbox-record.ts';
import { Refusal } from './answer.ts';

const DEFAULT_LIMIT = 100;

export interface Page {
  readonly records: SandboxRecord[];
  /** Where the next page starts; absent on the last. */
  readonly nextToken: string | undefined;
}

/** A query's natural number. @throws Refusal 400 */
export function natural(query: URLSearchParams, name: string, fallback: number): number {
  const given = query.get(name);
  if (given === null || given === '') return fallback;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Refusal(400, `${name} must be a natural number`);
  }
  return value;
}

/** The SDK encodes each pair twice: as components, then as a query. */
function metadataFilter(query: URLSearchParams): [string, string][] {
  try {
    return [...new URLSearchParams(query.get('metadata') ?? '')].map(([key, value]) => [
      decodeURIComponent(key),
      decodeURIComponent(value),
    ]);
  } catch {
    throw new Refusal(400, 'metadata cannot be decoded');
  }
}

function hasMetadata(record: SandboxRecord, wanted: readonly [string, string][]): boolean {
  return wanted.every(([key, value]) => record.metadata[key] === value);
}

function startedAfter(query: URLSearchParams): number {
  const given = query.get('startedAfter');
  if (given === null) return -Infinity;
  const time = Date.parse(given);
  if (Number.isNaN(time)) throw new Refusal(400, 'startedAfter must be a date');
  return time;
}

const STATES = ['running', 'paused'] as const;

/** Both states when none is named. */
function statesOf(query: URLSearchParams): readonly string[] {
  const given = query.getAll('state').flatMap((text) => text.split(','));
  if (!given.every((state) => STATES.some((known) => known === state))) {
    throw new Refusal(400, `state must be ${STATES.join(' or ')}`);
  }
  return given.length === 0 ? STATES : given;
}

/** 1 for the oldest first, -1 for the newest first. */
function directionOf(query: URLSearchParams): 1 | -1 {
  const order = query.get('order') ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw new Refusal(400, 'order must be asc or desc');
  return order === 'asc' ? 1 : -1;
}

/** The place of a record in a list, which stays what it is when others come and go. */
interface Place {
  readonly startedAt: number;
  readonly id: string;
}

function placeOf({ startedAt, id }: SandboxRecord): Place {
  return { startedAt: startedAt.getTime(), id };
}

function comparePlaces(a: Place, b: Place): number {
  return a.startedAt - b.startedAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function tokenOf({ startedAt, id }: Place): string {
  return Buffer.from(`${startedAt}:${id}`).toString('base64url');
}

/** The last place of the page before. */
function placeBefore(query: URLSearchParams): Place | undefined {
  const token = query.get('nextToken');
  if (token === null || token === '') return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  const [, startedAt, id] = /^(\d{1,15}):(i[0-9a-f]{20})$/.exec(text) ?? [];
  if (startedAt === undefined || id === undefined) {
    throw new Refusal(400, 'nextToken is none of this server');
  }
  return { startedAt: Number(startedAt), id };
}

/** What the list of the older SDKs, which has no pages, asks for. */
export function selectRunning(
  records: readonly SandboxRecord[],
  query: URLSearchParams,
): SandboxRecord[] {
  const metadata = metadataFilter(query);
  return records
    .filter((record) => record.state === 'running' && hasMetadata(record, metadata))
    .sort((a, b) => comparePlaces(placeOf(b), placeOf(a)));
}

/** The page of `records` that a list request asks for; newest first unless `order=asc`. */
export function selectPage(records: readonly SandboxRecord[], query: URLSearchParams): Page {
  const states = statesOf(query);
  const metadata = metadataFilter(query);
  const after = startedAfter(query);
  const template = query.get('template');
  const direction = directionOf(query);
  const before = placeBefore(query);
  const chosen = records
    .filter(
      (record) =>
        states.includes(record.state) &&
        hasMetadata(record, metadata) &&
        record.startedAt.getTime() >= after &&
        (template === null || template === '' || record.template === template) &&
        (before === undefined || direction * comparePlaces(placeOf(record), before) > 0),
    )
    .sort((a, b) => direction * comparePlaces(placeOf(a), placeOf(b)));
  const limit = Math.max(1, natural(query, 'limit', DEFAULT_LIMIT));
  const page = chosen.slice(0, limit);
  const last = page.at(-1);
  return {
    records: page,
    nextToken:
      last !== undefined && page.length < chosen.length ? tokenOf(placeOf(last)) : undefined,
  };
}
