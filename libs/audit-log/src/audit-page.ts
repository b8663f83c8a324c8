import { AuditError } from './audit-error.ts';
import type { AuditPage, AuditQuery, AuditRecord } from './audit-log.ts';
import { checkQuery } from './entry-rules.ts';
import { openStored } from './hash-chain.ts';
import type { StoredRecord } from './hash-chain.ts';

const DEFAULT_LIMIT = 50;

/** Most records that one call of `list` reads where no index serves the filter. */
export const MAX_SCAN = 5000;

/** A query with its defaults: records with a smaller sequence than `before` are asked for. */
export interface CheckedQuery extends AuditQuery {
  limit: number;
  before: number;
}

/** @throws {@link AuditError} `invalid_query` */
export function checkedQuery(query: AuditQuery): CheckedQuery {
  checkQuery(query);
  const { cursor, limit = DEFAULT_LIMIT } = query;
  if (cursor !== undefined && !/^[1-9]\d{0,15}$/.test(cursor)) {
    throw new AuditError(
      'invalid_query',
      'audit query: cursor must be the next_cursor of an earlier page',
    );
  }
  return {
    ...query,
    limit,
    before: cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor),
  };
}

/** @throws {@link AuditError} `corrupt_record` */
export function openOrThrow(stored: StoredRecord): AuditRecord {
  const record = openStored(stored);
  if (record === undefined) {
    throw new AuditError(
      'corrupt_record',
      `audit record ${stored.sequence} cannot be read; run verify on its tenant`,
    );
  }
  return record;
}

export function matches(filters: AuditQuery, record: AuditRecord): boolean {
  return (['kind', 'action', 'decision_id', 'run_id'] as const).every(
    (name) => filters[name] === undefined || filters[name] === record[name],
  );
}

/** `readDownTo` is the smallest sequence that was looked at. */
export function pageOf(records: AuditRecord[], readDownTo: number): AuditPage {
  return readDownTo > 1 ? { records, next_cursor: String(readDownTo) } : { records };
}
