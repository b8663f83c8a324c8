import { createHash } from 'node:crypto';
import type { AuditFault, AuditRecord, AuditVerification } from './audit-log.ts';
import { canonicalJson } from './canonical-json.ts';
import type { CheckedEntry } from './entry-rules.ts';

/** `previous_hash` of the first record of every chain. */
export const GENESIS_HASH = '0'.repeat(64);

/** Where a chain ends. */
export interface ChainHead {
  sequence: number;
  hash: string;
}

export const EMPTY_CHAIN: ChainHead = { sequence: 0, hash: GENESIS_HASH };

/**
 * A record as the stores keep it: the text that is hashed, the hash, and the context beside it
 * (canonical JSON; absent when there was none or when it was dropped).
 */
export interface StoredRecord {
  sequence: number;
  body: string;
  hash: string;
  context?: string | undefined;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The text that is hashed: the record without `hash` and with its context's digest for the context. */
function sealedText(record: Omit<AuditRecord, 'hash'> & { hash?: string }): string {
  const { context, ...sealed } = record;
  if (context !== undefined) sealed.context_digest = sha256(canonicalJson(context));
  return canonicalJson({ ...sealed, hash: undefined });
}

/**
 * The hash of a record, 64 hex digits: SHA-256 of the canonical JSON (RFC 8785) of the record
 * without `hash`, in which `context` is replaced by `context_digest`, the SHA-256 of the context's
 * own canonical JSON. A record whose context was dropped keeps its `context_digest` and so its hash.
 */
export function hashRecord(record: Omit<AuditRecord, 'hash'> & { hash?: string }): string {
  return sha256(sealedText(record));
}

/** Puts an entry behind `head`. */
export function sealEntry(
  entry: CheckedEntry,
  head: ChainHead,
  now: Date,
): { record: AuditRecord; stored: StoredRecord } {
  const sealed: Omit<AuditRecord, 'hash' | 'context'> = {
    ...entry.fields,
    sequence: head.sequence + 1,
    timestamp: now.toISOString(),
    previous_hash: head.hash,
    ...(entry.context !== undefined && { context_digest: sha256(entry.context) }),
  };
  const body = canonicalJson(sealed);
  const hash = sha256(body);
  return {
    record: { ...sealed, ...parsedContext(entry.context), hash },
    stored: { sequence: sealed.sequence, body, hash, context: entry.context },
  };
}

function parsedContext(context: string | undefined): { context?: unknown } {
  return context === undefined ? {} : { context: JSON.parse(context) as unknown };
}

/** The record in a stored one, or undefined when it is none. Hashes are not checked here. */
export function openStored(stored: StoredRecord): AuditRecord | undefined {
  try {
    const sealed = JSON.parse(stored.body) as unknown;
    if (typeof sealed !== 'object' || sealed === null || Array.isArray(sealed)) return undefined;
    return {
      ...(sealed as Omit<AuditRecord, 'hash'>),
      ...parsedContext(stored.context),
      hash: stored.hash,
    };
  } catch {
    return undefined;
  }
}

/** Follows one chain from its first record on and stops at the first fault. */
export class ChainVerifier {
  #tenantId: string | undefined;
  #head: ChainHead = EMPTY_CHAIN;

  /** Without a tenant, that of the first record is taken. */
  constructor(tenantId?: string) {
    this.#tenantId = tenantId;
  }

  /** The last record that was found right. */
  get head(): ChainHead {
    return this.#head;
  }

  /** Checks the next record of the chain; returns what is wrong with it. */
  next(record: AuditRecord): AuditFault | undefined {
    let hash: string;
    try {
      hash = hashRecord(record);
    } catch {
      return 'malformed';
    }
    return this.#follow(record, hash, record.hash);
  }

  /** The same for a record as it is stored, of which every byte counts. */
  nextStored(stored: StoredRecord): AuditFault | undefined {
    const record = openStored(stored);
    if (record === undefined) return 'malformed';
    const fault = this.#place(stored.sequence);
    if (fault !== undefined) return fault;
    if (record.sequence !== stored.sequence) {
      // Another record stands here, unless this one was changed.
      return sha256(stored.body) === stored.hash ? 'reordered' : 'hash_mismatch';
    }
    if (stored.context !== undefined && sha256(stored.context) !== record.context_digest) {
      return 'context_mismatch';
    }
    return this.#follow(record, sha256(stored.body), stored.hash);
  }

  #place(sequence: number): AuditFault | undefined {
    const expected = this.#head.sequence + 1;
    if (sequence === expected) return undefined;
    return sequence > expected ? 'gap' : 'reordered';
  }

  #follow(record: AuditRecord, hash: string, claimedHash: string): AuditFault | undefined {
    if (hash !== claimedHash) return 'hash_mismatch';
    const fault = this.#place(record.sequence);
    if (fault !== undefined) return fault;
    this.#tenantId ??= record.tenant_id;
    if (record.tenant_id !== this.#tenantId) return 'wrong_tenant';
    if (record.previous_hash !== this.#head.hash) return 'broken_link';
    this.#head = { sequence: record.sequence, hash };
    return undefined;
  }

  /** The answer when no record is left; `storedHead` is what the store says the head is. */
  end(storedHead: ChainHead = this.#head): AuditVerification {
    const { sequence, hash } = this.#head;
    if (storedHead.sequence > sequence) {
      return { valid: false, sequence: sequence + 1, reason: 'truncated' };
    }
    if (storedHead.sequence !== sequence || storedHead.hash !== hash) {
      return { valid: false, sequence, reason: 'head_mismatch' };
    }
    return { valid: true, records: sequence, head: hash };
  }
}

/**
 * Verifies the whole chain of one tenant, oldest record first, without a store: for an export.
 * Give the `head` that you noted at another time (from `verify`, or from the last record of an
 * earlier export) to find a truncation, which a chain alone cannot show.
 */
export function verifyRecords(
  records: readonly AuditRecord[],
  head?: { sequence: number; hash: string },
): AuditVerification {
  const verifier = new ChainVerifier();
  let hashAtHead = head?.sequence === 0 ? GENESIS_HASH : undefined;
  for (const record of records) {
    const fault = verifier.next(record);
    if (fault !== undefined) {
      const sequence = verifier.head.sequence + 1;
      const elsewhere = fault === 'gap' && records.some((other) => other.sequence === sequence);
      return { valid: false, sequence, reason: elsewhere ? 'reordered' : fault };
    }
    if (record.sequence === head?.sequence) hashAtHead = record.hash;
  }
  if (head === undefined || hashAtHead === head.hash) return verifier.end();
  return hashAtHead === undefined
    ? verifier.end(head)
    : { valid: false, sequence: head.sequence, reason: 'head_mismatch' };
}
