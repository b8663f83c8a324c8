/** What a caller records: one decision about an attempted action, or the outcome of one that ran. */
export interface AuditEntry {
  kind: 'decision' | 'outcome';
  tenant_id: string;
  principal: { user_id: string; email?: string };
  agent?: { name?: string; tier?: string; chain?: string[] };
  action: string;
  tool?: string;
  run_id?: string;
  /** Shared by a decision and the outcome that follows it. */
  decision_id: string;
  decision?: 'allow' | 'deny' | 'approval_required';
  reason_code?: string;
  policy_version?: string;
  /** SHA-256 of the exact arguments, 64 lower-case hex digits; never the arguments themselves. */
  arguments_digest?: string;
  outcome?: string;
  /** USD, not negative. */
  cost?: number;
  trace_id?: string;
  /** JSON data, at most 64 KiB as canonical JSON. The caller redacts it. */
  context?: unknown;
}

/** An entry in its place in the chain of its tenant. */
export interface AuditRecord extends AuditEntry {
  /** Gapless per tenant, from 1. */
  sequence: number;
  /** When the record was sealed: RFC 3339, UTC, milliseconds. */
  timestamp: string;
  /** `hash` of the record before; 64 zeros for the first. */
  previous_hash: string;
  /**
   * SHA-256 of the context's canonical JSON. The chain covers this digest and not the context
   * itself, so that a context can be dropped when its retention ends and the chain still verifies.
   */
  context_digest?: string;
  /** See {@link hashRecord}. */
  hash: string;
}

export interface AuditQuery {
  tenant_id: string;
  /** Records in a page, 1 to 1000; 50 when not given. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
  kind?: AuditEntry['kind'];
  action?: string;
  decision_id?: string;
  run_id?: string;
}

export interface AuditPage {
  /** Newest first. */
  records: AuditRecord[];
  /**
   * There when older records may exist. One call reads a bounded number of records, so a filtered
   * page can hold fewer than `limit` records, even none, and still have a `next_cursor`.
   */
  next_cursor?: string;
}

/**
 * Why a chain is not valid:
 * - `malformed`: the stored record is not one, or not in its canonical form.
 * - `wrong_tenant`: the record belongs to the chain of another tenant.
 * - `hash_mismatch`: the record was changed after it was sealed.
 * - `context_mismatch`: the context beside the record is not the one that was sealed.
 * - `broken_link`: the record does not follow the record before it.
 * - `gap`: the record is missing, later ones are there.
 * - `reordered`: another record stands in its place.
 * - `truncated`: the record is missing at the end of the chain.
 * - `index_mismatch`: the record is whole, but what finds it by decision or run was changed.
 * - `head_mismatch`: the stored head is not that of the last record, or records stand behind it.
 */
export type AuditFault =
  | 'malformed'
  | 'wrong_tenant'
  | 'hash_mismatch'
  | 'context_mismatch'
  | 'broken_link'
  | 'gap'
  | 'reordered'
  | 'truncated'
  | 'index_mismatch'
  | 'head_mismatch';

/** `head` is the hash of the last record (64 zeros for an empty chain); `sequence` the first fault. */
export type AuditVerification =
  | { valid: true; records: number; head: string }
  | { valid: false; sequence: number; reason: AuditFault };

/**
 * An append-only, hash-chained log with one chain per tenant. Every method rejects with
 * {@link AuditError} and with nothing else.
 */
export interface AuditLog {
  /**
   * Resolves when the record is durable. Concurrent appends, from several processes too, keep one
   * gapless chain.
   */
  append(entry: AuditEntry): Promise<AuditRecord>;
  list(query: AuditQuery): Promise<AuditPage>;
  /** Reads the whole chain of a tenant, in bounded memory, while appends go on. */
  verify(tenantId: string): Promise<AuditVerification>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  /** Waits for the appends under way; later calls reject with `store_unavailable`. */
  close(): Promise<void>;
}
