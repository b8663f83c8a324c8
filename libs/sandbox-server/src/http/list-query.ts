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

function startedAfter(query: URLSearchParams): number {
  const given = query.get('startedAfter');
  if (given === null) return -Infinity;
  const time = Date.parse(given);
  if (Number.isNaN(time)) throw new Refusal(400, 'startedAfter must be a date');
  return time;
}

/** The page of `records` that a list request asks for; newest first unless `order=asc`. */
export function selectPage(records: readonly SandboxRecord[], query: URLSearchParams): Page {
  const states = query.getAll('state').flatMap((text) => text.split(','));
  const metadata = metadataFilter(query);
  const after = startedAfter(query);
  const template = query.get('template');
  const direction = query.get('order') === 'asc' ? 1 : -1;
  const chosen = records
    .filter(
      (record) =>
        (states.length === 0 || states.includes(record.state)) &&
        metadata.every(([key, value]) => record.metadata[key] === value) &&
        record.startedAt.getTime() >= after &&
        (template === null || template === '' || record.template === template),
    )
    .sort(
      (a, b) =>
        direction * (a.startedAt.getTime() - b.startedAt.getTime() || a.id.localeCompare(b.id)),
    );
  const offset = natural(query, 'nextToken', 0);
  const limit = Math.max(1, natural(query, 'limit', DEFAULT_LIMIT));
  const end = offset + limit;
  return {
    records: chosen.slice(offset, end),
    nextToken: end < chosen.length ? String(end) : undefined,
  };
}
