/** What the specs of the log share: real stores, and writers in processes of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startRedis } from '@ae/test-support';
import { Redis } from 'ioredis';
import { RedisAuditLog, SqliteAuditLog } from './index.ts';
import type { AuditEntry, AuditLog, AuditRecord } from './index.ts';

/** What lies in the store, as an intruder with access to it would see and change it. */
export interface RawChain {
  head: { sequence: number; hash: string } | undefined;
  rows: RawRow[];
}
interface RawRow {
  sequence: number;
  body: string;
  hash: string;
  context: string | undefined;
}

/** The row with the columns that repeat its body. */
type StoredRow = Omit<RawRow, 'context'> & { context: string | null } & Record<
    'kind' | 'action' | 'decision_id' | 'run_id',
    string
  >;

export interface Store {
  /** A log on a connection of its own. */
  open(): AuditLog;
  /** The body of a program that appends with `log`, for a process of its own. */
  openInProcess: string;
  read(tenantId: string): Promise<RawChain>;
  write(tenantId: string, chain: RawChain): Promise<void>;
  /** Cuts what finds the record by its decision and run. */
  unindex(tenantId: string, sequence: number): Promise<void>;
  stop(): Promise<void>;
}

export function sqliteStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'ae-audit-'));
  const path = join(folder, 'audit.db');
  new DatabaseSync(path).close();
  let raw: DatabaseSync | undefined;
  const database = () => {
    raw ??= new DatabaseSync(path);
    return raw;
  };
  // What stood beside a body when it was read first.
  const filters = new Map<string, StoredRow>();
  return Promise.resolve({
    open: () => new SqliteAuditLog({ path }),
    openInProcess: `
      const { SqliteAuditLog } = await import('./src/sqlite-audit-log.ts');
      const log = new SqliteAuditLog({ path: ${JSON.stringify(path)} });`,
    read(tenantId) {
      const rows = database()
        .prepare('SELECT * FROM audit_record WHERE tenant_id = ? ORDER BY sequence')
        .all(tenantId) as unknown as StoredRow[];
      for (const row of rows) {
        filters.set(row.body, row);
      }
      const head = database()
        .prepare('SELECT sequence, hash FROM audit_head WHERE tenant_id = ?')
        .get(tenantId) as unknown as RawChain['head'];
      return Promise.resolve({
        head,
        rows: rows.map(({ sequence, body, hash, context }) => ({
          sequence,
          body,
          hash,
          context: context ?? undefined,
        })),
      });
    },
    write(tenantId, { head, rows }) {
      database().prepare('DELETE FROM audit_record WHERE tenant_id = ?').run(tenantId);
      database().prepare('DELETE FROM audit_head WHERE tenant_id = ?').run(tenantId);
      if (head) {
        database()
          .prepare('INSERT INTO audit_head VALUES (?, ?, ?)')
          .run(tenantId, head.sequence, head.hash);
      }
      for (const row of rows) {
        const columns = filters.get(row.body) ?? [...filters.values()][0]!;
        database()
          .prepare('INSERT INTO audit_record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
          .run(
            tenantId,
            row.sequence,
            row.body,
            row.hash,
            row.context ?? null,
            columns.kind,
            columns.action,
            columns.decision_id,
            columns.run_id,
          );
      }
      return Promise.resolve();
    },
    unindex(tenantId, sequence) {
      database()
        .prepare(`UPDATE audit_record SET run_id = 'x' WHERE tenant_id = ? AND sequence = ?`)
        .run(tenantId, sequence);
      return Promise.resolve();
    },
    stop() {
      raw?.close();
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
}

export async function redisStore(): Promise<Store> {
  const server = await startRedis();
  const clients: Redis[] = [];
  const connect = () => {
    const client = new Redis(server.url);
    clients.push(client);
    return client;
  };
  const raw = connect();
  return {
    // Patient: a busy machine is no fault of the log.
    open: () => new RedisAuditLog(connect(), { commandTimeout: 10_000 }),
    openInProcess: `
      const { Redis } = await import('ioredis');
      const { RedisAuditLog } = await import('./src/redis-audit-log.ts');
      const client = new Redis(${JSON.stringify(server.url)});
      const log = new RedisAuditLog(client, { commandTimeout: 10_000 });`,
    async read(tenantId) {
      const [sequence, hash] = await raw.hmget(`audit-head:{${tenantId}}`, 'sequence', 'hash');
      const entries = await raw.xrange(`audit:{${tenantId}}`, '-', '+');
      return {
        head: hash ? { sequence: Number(sequence), hash } : undefined,
        rows: entries.map(([id, fields]) => {
          const value = (name: string) => {
            const at = fields.indexOf(name);
            return at === -1 ? undefined : fields[at + 1];
          };
          return {
            sequence: Number.parseInt(id, 10),
            body: value('body')!,
            hash: value('hash')!,
            context: value('context'),
          };
        }),
      };
    },
    async write(tenantId, { head, rows }) {
      await raw.del(`audit:{${tenantId}}`, `audit-head:{${tenantId}}`);
      if (head) await raw.hset(`audit-head:{${tenantId}}`, { ...head });
      for (const { sequence, body, hash, context } of rows) {
        const fields = ['body', body, 'hash', hash, 'writer', 'w'];
        if (context !== undefined) fields.push('context', context);
        await raw.xadd(`audit:{${tenantId}}`, `${sequence}-0`, ...fields);
      }
    },
    async unindex(tenantId, sequence) {
      const members = await raw.zrange(`audit-index:{${tenantId}}`, 0, '-1');
      const member = members.find((name) => Number(name.slice(-16)) === sequence);
      await raw.zrem(`audit-index:{${tenantId}}`, member!);
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await server.stop();
    },
  };
}

let nextTenant = 0;
export const newTenant = () => `tenant-${String(nextTenant++)}`;

export function entry(tenantId: string, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    kind: 'decision',
    tenant_id: tenantId,
    principal: { user_id: 'ada', email: 'ada@example.com' },
    agent: { name: 'builder', tier: 'background', chain: ['orchestrator', 'builder'] },
    action: 'execute_code',
    run_id: 'run-1',
    decision_id: 'dec_1',
    decision: 'allow',
    reason_code: 'allowed',
    policy_version: 'v1',
    arguments_digest: 'ab'.repeat(32),
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    context: { command: 'ls', files: ['a', 'b'] },
    ...changes,
  };
}

export async function* everyRecord(
  log: AuditLog,
  tenantId: string,
  query: object = { limit: 500 },
): AsyncGenerator<AuditRecord> {
  let cursor: string | undefined;
  do {
    const page = await log.list({ tenant_id: tenantId, ...query, ...(cursor && { cursor }) });
    yield* page.records;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}

/** Appends `count` records, eight at a time, in a process of its own. */
export function runWriter(store: Store, tenantId: string, name: string, count: number) {
  const program = `
    import { writeSync } from 'node:fs';
    ${store.openInProcess}
    let next = 0;
    const lane = async () => {
      while (next < ${String(count)}) {
        const decision_id = ${JSON.stringify(name)} + '-' + next++;
        await log.append({ kind: 'decision', tenant_id: ${JSON.stringify(tenantId)},
          principal: { user_id: 'ada' }, action: 'execute_code', decision_id });
        writeSync(1, decision_id + '\\n');
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    process.exit(0);`;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
    { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  const waiting: { lines: number; resolve: () => void }[] = [];
  const lines = () => output.split('\n').slice(0, -1);
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    for (const { lines: wanted, resolve } of waiting) if (lines().length >= wanted) resolve();
  });
  return {
    /** Resolves when at least so many appends were acknowledged. */
    acknowledged: (wanted: number) =>
      new Promise<void>((resolve) => waiting.push({ lines: wanted, resolve })),
    kill: () => child.kill('SIGKILL'),
    /** What was acknowledged, when the process has ended. */
    ended: new Promise<string[]>((resolve, reject) => {
      child.once('close', (code, signal) => {
        if (code === 0 || signal === 'SIGKILL') resolve(lines());
        else reject(new Error(`the writer ended with ${String(code ?? signal)}`));
      });
    }),
  };
}
