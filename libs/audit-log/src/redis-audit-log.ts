import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { AuditError } from './audit-error.ts';
import type {
  AuditEntry,
  AuditFault,
  AuditLog,
  AuditPage,
  AuditQuery,
  AuditRecord,
  AuditVerification,
} from './audit-log.ts';
import { MAX_SCAN, checkedQuery, matches, openOrThrow, pageOf } from './audit-page.ts';
import { checkEntry, checkTenantId } from './entry-rules.ts';
import type { CheckedEntry } from './entry-rules.ts';
import { GroupCommit } from './group-commit.ts';
import { ChainVerifier, GENESIS_HASH, openStored, sealEntry } from './hash-chain.ts';
import type { ChainHead, StoredRecord } from './hash-chain.ts';

const DEFAULT_COMMAND_TIMEOUT = 250;

/** How long an append tries again while other processes write the same chain, in timeouts. */
const CONTENTION_TIMEOUTS = 8;

/** How long the chain is kept for a writer that was overtaken, in milliseconds. */
const TURN = 50;

/** Records that are read with one command. */
const READ_CHUNK = 100;

/** Chains of which the head is remembered. */
const MAX_CHAINS = 10_000;

const APPEND = readFileSync(new URL('../lua/append-4.lua', import.meta.url), 'utf8');
const APPEND_SHA = createHash('sha1').update(APPEND).digest('hex');

/** All keys of a chain lie in one slot of a Redis Cluster. */
function keysOf(tenantId: string) {
  return {
    stream: `audit:{${tenantId}}`,
    head: `audit-head:{${tenantId}}`,
    index: `audit-index:{${tenantId}}`,
    turn: `audit-turn:{${tenantId}}`,
  };
}

type IndexedField = 'decision_id' | 'run_id';

/** The member of the index that leads to a record; `''` for the sequence gives the common start. */
function indexMember(field: IndexedField, value: string, sequence: number | ''): string {
  return `${field}\0${value}\0${String(sequence).padStart(sequence === '' ? 0 : 16, '0')}`;
}

interface Chain {
  readonly commits: GroupCommit<CheckedEntry, AuditRecord>;
  /** What the head was when this process last heard of it. */
  head: ChainHead | undefined;
}

/**
 * The log in Redis Streams, one stream for each tenant, on a single Redis, Sentinel or a Cluster.
 * How durable an append is depends on the server: `appendfsync always` for a crash of the machine,
 * `maxmemory-policy noeviction` always. The client stays the caller's to close.
 */
export class RedisAuditLog implements AuditLog {
  readonly #client: Redis | Cluster;
  readonly #commandTimeout: number;
  readonly #writer = randomBytes(9).toString('base64url');
  readonly #chains = new Map<string, Chain>();
  #closed = false;

  /** `commandTimeout` is how long one command may take, in milliseconds; 250 when not given. */
  constructor(client: Redis | Cluster, options: { commandTimeout?: number } = {}) {
    this.#client = client;
    this.#commandTimeout = options.commandTimeout ?? DEFAULT_COMMAND_TIMEOUT;
  }

  async append(entry: AuditEntry): Promise<AuditRecord> {
    this.#mustBeOpen();
    const checked = checkEntry(entry);
    const tenantId = checked.fields.tenant_id;
    const chain = this.#chain(tenantId);
    try {
      return await chain.commits.add(checked, 1024 + (checked.context?.length ?? 0));
    } finally {
      // Tenants come and go; what is remembered of one is worth a round trip, not memory for ever.
      if (this.#chains.size > MAX_CHAINS && chain.commits.isIdle) this.#chains.delete(tenantId);
    }
  }

  async list(query: AuditQuery): Promise<AuditPage> {
    this.#mustBeOpen();
    const { limit, before, ...filters } = checkedQuery(query);
    const { tenant_id, kind, action, decision_id, run_id } = filters;
    const indexed = decision_id ?? run_id;
    const read =
      indexed === undefined
        ? (from: number, count: number) => this.#readDown(tenant_id, from, count)
        : (from: number, count: number) =>
            this.#readIndexed(
              tenant_id,
              decision_id === undefined ? 'run_id' : 'decision_id',
              indexed,
              from,
              count,
            );
    const count = (kind ?? action) === undefined ? Math.min(READ_CHUNK, limit) : READ_CHUNK;
    const records: AuditRecord[] = [];
    let from = before;
    for (let scanned = 0; scanned < MAX_SCAN; scanned += count) {
      const chunk = await read(from, count);
      for (const record of chunk.map(openOrThrow)) {
        from = record.sequence;
        if (matches(filters, record)) records.push(record);
        if (records.length === limit) return pageOf(records, from);
      }
      if (chunk.length < count) return pageOf(records, 1);
    }
    return pageOf(records, from);
  }

  async verify(tenantId: string): Promise<AuditVerification> {
    this.#mustBeOpen();
    checkTenantId(tenantId);
    const { stream } = keysOf(tenantId);
    const { head, last } = await this.#ends(tenantId);
    const verifier = new ChainVerifier(tenantId);
    const faultAt = (sequence: number, reason: AuditFault): AuditVerification => ({
      valid: false,
      sequence,
      reason,
    });
    for (;;) {
      const after = `(${verifier.head.sequence}-0`;
      const entries = await this.#within(
        this.#client.xrange(stream, after, String(last), 'COUNT', READ_CHUNK),
      );
      const records = entries.map(storedOf);
      for (const stored of records) {
        const reason = verifier.nextStored(stored);
        if (reason !== undefined) return faultAt(verifier.head.sequence + 1, reason);
      }
      const unindexed = await this.#firstUnindexed(tenantId, records);
      if (unindexed !== undefined) return faultAt(unindexed, 'index_mismatch');
      if (entries.length < READ_CHUNK) return verifier.end(head);
    }
  }

  async ping(): Promise<void> {
    this.#mustBeOpen();
    await this.#within(this.#client.ping());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#chains.values()].map(({ commits }) => commits.idle()));
  }

  #chain(tenantId: string): Chain {
    let chain = this.#chains.get(tenantId);
    if (chain === undefined) {
      const created: Chain = {
        commits: new GroupCommit((entries) => this.#appendAll(tenantId, created, entries)),
        head: undefined,
      };
      chain = created;
      this.#chains.set(tenantId, chain);
    }
    return chain;
  }

  async #appendAll(
    tenantId: string,
    chain: Chain,
    entries: CheckedEntry[],
  ): Promise<AuditRecord[]> {
    const deadline = Date.now() + CONTENTION_TIMEOUTS * this.#commandTimeout;
    try {
      for (;;) {
        chain.head ??= (await this.#ends(tenantId)).head;
        const sealed = sealAll(entries, chain.head);
        const [outcome, sequence, hash] = await this.#runAppend(tenantId, chain.head, sealed);
        if (outcome === 'appended') {
          chain.head = sealed.at(-1)?.record;
          return sealed.map(({ record }) => record);
        }
        chain.head = { sequence: Number(sequence), hash: String(hash) };
        if (Date.now() > deadline) {
          throw new AuditError(
            'store_unavailable',
            'other processes kept the audit chain busy; nothing was written',
          );
        }
        if (outcome === 'wait') await sleep(1 + Math.random() * 4);
      }
    } catch (error) {
      chain.head = undefined;
      throw error;
    }
  }

  async #runAppend(
    tenantId: string,
    head: ChainHead,
    sealed: ReturnType<typeof sealEntry>[],
  ): Promise<unknown[]> {
    const keys = keysOf(tenantId);
    const args: [number, ...(string | number)[]] = [
      4,
      keys.stream,
      keys.head,
      keys.index,
      keys.turn,
      head.sequence,
      head.hash,
      this.#writer,
      TURN,
    ];
    for (const { record, stored } of sealed) {
      args.push(stored.body, stored.hash, stored.context ?? '');
      args.push(record.decision_id, record.run_id ?? '');
    }
    const reply = await this.#within(
      this.#client.evalsha(APPEND_SHA, ...args).catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
          return this.#client.eval(APPEND, ...args);
        }
        throw error;
      }),
    );
    return reply as unknown[];
  }

  /** The head of a chain and the last sequence of its stream, read at one instant. */
  async #ends(tenantId: string): Promise<{ head: ChainHead; last: number }> {
    const { stream, head } = keysOf(tenantId);
    const replies = await this.#within(
      this.#client
        .multi()
        .hmget(head, 'sequence', 'hash')
        .xrevrange(stream, '+', '-', 'COUNT', 1)
        .exec(),
    );
    if (replies === null) throw unavailable(new Error('the transaction was aborted'));
    const [[headError, headReply], [lastError, lastReply]] = replies as [
      [Error | null, (string | null)[]],
      [Error | null, [string, string[]][]],
    ];
    if (headError ?? lastError) throw unavailable(headError ?? lastError);
    return {
      head: { sequence: Number(headReply[0] ?? 0), hash: headReply[1] ?? GENESIS_HASH },
      last: lastReply[0] === undefined ? 0 : sequenceOf(lastReply[0][0]),
    };
  }

  /** The newest records before a sequence, newest first. */
  async #readDown(tenantId: string, before: number, count: number): Promise<StoredRecord[]> {
    const { stream } = keysOf(tenantId);
    const entries = await this.#within(
      this.#client.xrevrange(stream, before - 1, '-', 'COUNT', count),
    );
    return entries.map(storedOf);
  }

  /** The same of the records of one decision or run. */
  async #readIndexed(
    tenantId: string,
    field: IndexedField,
    value: string,
    before: number,
    count: number,
  ): Promise<StoredRecord[]> {
    const { stream, index } = keysOf(tenantId);
    const members = await this.#within(
      this.#client.zrevrangebylex(
        index,
        `(${indexMember(field, value, before)}`,
        `[${indexMember(field, value, '')}`,
        'LIMIT',
        0,
        count,
      ),
    );
    const sequences = members.map((member) => Number(member.slice(-16)));
    const pipeline = this.#client.pipeline();
    for (const sequence of sequences) pipeline.xrange(stream, sequence, sequence);
    const replies = await this.#within(pipeline.exec());
    return sequences.map((sequence, position) => {
      const [error, reply] = replies?.[position] ?? [null, []];
      if (error) throw unavailable(error);
      const [entry] = reply as [string, string[]][];
      // The index leads to nothing: not a record that can be opened.
      return entry === undefined ? { sequence, body: '', hash: '' } : storedOf(entry);
    });
  }

  /** The first of these records that the index does not lead to. */
  async #firstUnindexed(tenantId: string, records: StoredRecord[]): Promise<number | undefined> {
    const members: string[] = [];
    const sequences: number[] = [];
    for (const stored of records) {
      const record = openStored(stored);
      for (const field of ['decision_id', 'run_id'] as const) {
        const value = record?.[field];
        if (value === undefined) continue;
        members.push(indexMember(field, value, stored.sequence));
        sequences.push(stored.sequence);
      }
    }
    if (members.length === 0) return undefined;
    const { index } = keysOf(tenantId);
    const scores = await this.#within(this.#client.zmscore(index, ...members));
    const missing = scores.indexOf(null);
    return missing === -1 ? undefined : sequences[missing];
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new AuditError('store_unavailable', 'the audit log is closed');
  }

  /** Bounds a command in time and turns its errors into those of this library. */
  async #within<T>(command: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      const fail = () => reject(new Error(`no answer within ${this.#commandTimeout} ms`));
      // When this process itself was held up, the answer may lie in the socket: it is read first.
      timer = setTimeout(() => setImmediate(fail), this.#commandTimeout);
    });
    try {
      return await Promise.race([command, timeout]);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('CORRUPT ')) {
        throw new AuditError(
          'corrupt_record',
          'the head of an audit chain does not fit its records; run verify on its tenant',
          { cause: error },
        );
      }
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function sealAll(entries: CheckedEntry[], head: ChainHead): ReturnType<typeof sealEntry>[] {
  const now = new Date();
  let previous = head;
  return entries.map((entry) => {
    const sealed = sealEntry(entry, previous, now);
    previous = sealed.record;
    return sealed;
  });
}

function sequenceOf(id: string): number {
  return Number.parseInt(id, 10);
}

function storedOf([id, fields]: [string, string[]]): StoredRecord {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? '', fields[i + 1] ?? '');
  return {
    sequence: /^\d+-0$/.test(id) ? sequenceOf(id) : Number.NaN,
    body: values.get('body') ?? '',
    hash: values.get('hash') ?? '',
    context: values.get('context'),
  };
}

function unavailable(cause: unknown): AuditError {
  return new AuditError('store_unavailable', 'the audit store (Redis) did not take the call', {
    cause,
  });
}
