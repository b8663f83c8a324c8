import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { entry } from './audit-stores.fixture.spec.ts';
import { SqliteAuditLog } from './index.ts';

// Processes and servers of their own are slow on a busy machine.
import.meta.jest.setTimeout(60_000);

describe('SqliteAuditLog', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ae-audit-'));
    path = join(folder, 'audit.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps its records when it is opened again', async () => {
    const first = new SqliteAuditLog({ path });
    const record = await first.append(entry('acme'));
    await first.close();
    const second = new SqliteAuditLog({ path });
    expect((await second.list({ tenant_id: 'acme' })).records).toEqual([record]);
    expect((await second.append(entry('acme'))).previous_hash).toBe(record.hash);
    await second.close();
  });

  it('lets only its owner read the file', async () => {
    const log = new SqliteAuditLog({ path });
    await log.append(entry('acme'));
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    await log.close();
  });

  it.each<[string, () => string]>([
    ['a folder that is not there', () => join(folder, 'none', 'audit.db')],
    ['a folder', () => folder],
    [
      'a file that is no database',
      () => {
        writeFileSync(path, 'not a database, but long enough to look like the header of one');
        return path;
      },
    ],
    [
      'a file of a newer version',
      () => {
        const raw = new DatabaseSync(path);
        raw.exec('PRAGMA user_version = 999');
        raw.close();
        return path;
      },
    ],
  ])('does not open %s', (_what, prepare) => {
    const bad = prepare();
    expect(() => new SqliteAuditLog({ path: bad })).toThrow(
      expect.objectContaining({ name: 'AuditError', code: 'store_unavailable' }) as Error,
    );
  });

  it('refuses the append, and writes nothing, while another program holds the file', async () => {
    const log = new SqliteAuditLog({ path });
    const raw = new DatabaseSync(path);
    raw.exec('BEGIN IMMEDIATE');
    await expect(log.append(entry('acme'))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await log.list({ tenant_id: 'acme' })).toEqual({ records: [] });
    expect(await log.verify('acme')).toMatchObject({ valid: true, records: 0 });
    raw.exec('ROLLBACK');
    expect((await log.append(entry('acme'))).sequence).toBe(1);
    raw.close();
    await log.close();
  });

  it('finds a rare action in a long chain page by page, each page reading a bounded part', async () => {
    const log = new SqliteAuditLog({ path });
    await log.append(entry('acme', { action: 'deploy' }));
    await Promise.all(Array.from({ length: 5100 }, () => log.append(entry('acme'))));
    const first = await log.list({ tenant_id: 'acme', action: 'deploy' });
    expect(first).toEqual({ records: [], next_cursor: '102' });
    const second = await log.list({ tenant_id: 'acme', action: 'deploy', cursor: '102' });
    expect(second.records.map(({ sequence }) => sequence)).toEqual([1]);
    expect(second.next_cursor).toBeUndefined();
    await log.close();
  });
});
