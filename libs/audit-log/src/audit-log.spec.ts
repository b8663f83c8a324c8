import fc from 'fast-check';
import {
  entry,
  everyRecord,
  newTenant,
  redisStore,
  runWriter,
  sqliteStore,
} from './audit-stores.fixture.spec.ts';
import type { RawChain, Store } from './audit-stores.fixture.spec.ts';
import { hashRecord, verifyRecords } from './index.ts';
import type { AuditEntry, AuditLog, AuditQuery, AuditRecord } from './index.ts';

// Processes and servers of their own are slow on a busy machine.
import.meta.jest.setTimeout(60_000);

describe.each([
  ['SqliteAuditLog', sqliteStore],
  ['RedisAuditLog', redisStore],
])('%s', (_name, startStore) => {
  let store: Store;
  let log: AuditLog;
  const opened: AuditLog[] = [];
  const open = () => {
    const another = store.open();
    opened.push(another);
    return another;
  };

  beforeAll(async () => {
    store = await startStore();
    log = open();
  });
  afterAll(async () => {
    for (const each of opened) await each.close();
    await store.stop();
  });

  async function appendMany(tenantId: string, count: number): Promise<AuditRecord[]> {
    return Promise.all(
      Array.from({ length: count }, (_, i) =>
        log.append(entry(tenantId, { decision_id: `dec_${i}`, run_id: `run-${i % 2}` })),
      ),
    );
  }

  describe('append', () => {
    it('answers with the record it stored', async () => {
      const tenant = newTenant();
      const record = await log.append(entry(tenant));
      expect(record).toMatchObject({
        ...entry(tenant),
        sequence: 1,
        previous_hash: '0'.repeat(64),
      });
      expect(record.hash).toBe(hashRecord(record));
      expect(new Date(record.timestamp).toISOString()).toBe(record.timestamp);
      expect(await log.list({ tenant_id: tenant })).toEqual({ records: [record] });
    });

    it('keeps no field that the caller left out, and takes a copy', async () => {
      const tenant = newTenant();
      const principal = { user_id: 'ada' };
      const pending = log.append({
        kind: 'outcome',
        tenant_id: tenant,
        principal,
        action: 'deploy',
        decision_id: 'dec_1',
        cost: 0.25,
      });
      principal.user_id = 'mallory';
      const record = await pending;
      expect(Object.keys(record).sort()).toEqual([
        'action',
        'cost',
        'decision_id',
        'hash',
        'kind',
        'previous_hash',
        'principal',
        'sequence',
        'tenant_id',
        'timestamp',
      ]);
      expect(record.principal.user_id).toBe('ada');
    });

    it('chains each tenant apart', async () => {
      const [a, b] = [newTenant(), newTenant()];
      const records = await Promise.all([a, b, a, b].map((tenant) => log.append(entry(tenant))));
      expect(records.map(({ sequence }) => sequence)).toEqual([1, 1, 2, 2]);
      expect(records[2]!.previous_hash).toBe(records[0]!.hash);
      expect(await log.verify(a)).toMatchObject({ valid: true, records: 2 });
    });

    it('accepts tenant ids with braces, spaces and other scripts', async () => {
      for (const tenant of ['a}b{c', '{x}', 'Ünï códe ☃', '*', 'a\\"b']) {
        const record = await log.append(entry(tenant));
        expect((await log.list({ tenant_id: tenant })).records).toEqual([record]);
        expect((await log.list({ tenant_id: tenant, run_id: 'run-1' })).records).toEqual([record]);
        expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 1 });
      }
    });

    it('stores nothing of a bad entry', async () => {
      const tenant = newTenant();
      await expect(
        log.append({ ...entry(tenant), surprise: 1 } as AuditEntry),
      ).rejects.toMatchObject({ name: 'AuditError', code: 'invalid_entry' });
      expect(await log.list({ tenant_id: tenant })).toEqual({ records: [] });
      expect(await log.verify(tenant)).toEqual({ valid: true, records: 0, head: '0'.repeat(64) });
    });

    it('keeps one gapless chain under concurrent appends on several connections', async () => {
      const tenant = newTenant();
      const logs = [log, open(), open()];
      const records = await Promise.all(
        Array.from({ length: 300 }, (_, i) =>
          logs[i % logs.length]!.append(entry(tenant, { decision_id: `dec_${i}` })),
        ),
      );
      const bySequence = records.toSorted((a, b) => a.sequence - b.sequence);
      expect(bySequence.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 300 }, (_, i) => i + 1),
      );
      const head = bySequence.at(-1)!.hash;
      expect(verifyRecords(bySequence)).toEqual({ valid: true, records: 300, head });
      expect(await log.verify(tenant)).toEqual({ valid: true, records: 300, head });
    });

    it('keeps one gapless chain when several processes append', async () => {
      const tenant = newTenant();
      await Promise.all([1, 2, 3].map((name) => runWriter(store, tenant, `p${name}`, 60).ended));
      expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 180 });
    });

    it('loses no acknowledged record when the writer is killed', async () => {
      const tenant = newTenant();
      const acknowledged = new Set<string>();
      for (let round = 0; round < 3; round++) {
        const writer = runWriter(store, tenant, `r${round}`, 1_000_000);
        await writer.acknowledged(20 + round * 13);
        writer.kill();
        for (const id of await writer.ended) acknowledged.add(id);
      }
      expect(acknowledged.size).toBeGreaterThanOrEqual(20 + 33 + 46);
      expect(await log.verify(tenant)).toMatchObject({ valid: true });
      const stored = new Set<string>();
      for await (const record of everyRecord(log, tenant)) stored.add(record.decision_id);
      expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    });
  });

  describe('list', () => {
    it('pages from the newest to the oldest and ends', async () => {
      const tenant = newTenant();
      const appended = await appendMany(tenant, 7);
      const sizes: number[] = [];
      const seen: AuditRecord[] = [];
      let cursor: string | undefined;
      do {
        const page = await log.list({ tenant_id: tenant, limit: 3, ...(cursor && { cursor }) });
        sizes.push(page.records.length);
        seen.push(...page.records);
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      expect(sizes).toEqual([3, 3, 1]);
      expect(seen).toEqual(appended.toReversed());
    });

    it('is not moved by records that arrive between two pages', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 4);
      const first = await log.list({ tenant_id: tenant, limit: 2 });
      await appendMany(tenant, 2);
      const second = await log.list({ tenant_id: tenant, limit: 2, cursor: first.next_cursor! });
      expect(second.records.map(({ sequence }) => sequence)).toEqual([2, 1]);
    });

    it('filters by kind, action, decision and run, alone and together', async () => {
      const tenant = newTenant();
      const all: AuditRecord[] = [];
      for (const kind of ['decision', 'outcome'] as const) {
        for (const action of ['deploy', 'execute_code']) {
          for (const run_id of ['run-1', 'run-10', 'run-1 ']) {
            const decision_id = `dec_${all.length % 5}`;
            all.push(await log.append(entry(tenant, { kind, action, run_id, decision_id })));
          }
        }
      }
      const filters = fc.record(
        {
          kind: fc.constantFrom<AuditEntry['kind']>('decision', 'outcome'),
          action: fc.constantFrom('deploy', 'execute_code', 'none'),
          run_id: fc.constantFrom('run-1', 'run-10', 'run-1 ', 'run'),
          decision_id: fc.constantFrom('dec_0', 'dec_1', 'dec_4', 'dec_'),
          limit: fc.integer({ min: 1, max: 4 }),
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(filters, async ({ limit, ...filter }) => {
          const expected = all
            .toReversed()
            .filter((record) =>
              Object.entries(filter).every(([name, value]) => record[name as 'kind'] === value),
            );
          const found: AuditRecord[] = [];
          for await (const record of everyRecord(log, tenant, {
            ...filter,
            ...(limit && { limit }),
          }))
            found.push(record);
          expect(found).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    });

    it('shows nothing of other tenants', async () => {
      await appendMany(newTenant(), 2);
      expect(await log.list({ tenant_id: newTenant(), run_id: 'run-1' })).toEqual({ records: [] });
    });

    it.each([
      { limit: 0 },
      { limit: 1001 },
      { limit: 1.5 },
      { cursor: '-1' },
      { cursor: 'abc' },
      { kind: 'other' },
      { run_id: '' },
      { tenant_id: '}x' },
      { surprise: 1 },
    ])('refuses the query %j', async (bad) => {
      await expect(log.list({ tenant_id: 't', ...(bad as object) })).rejects.toMatchObject({
        name: 'AuditError',
        code: 'invalid_query',
      });
    });

    it('refuses what is no query at all', async () => {
      for (const bad of [undefined, null, 'acme', []]) {
        await expect(log.list(bad as unknown as AuditQuery)).rejects.toMatchObject({
          code: 'invalid_query',
        });
      }
    });

    it('says which record cannot be read', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 2);
      const chain = await store.read(tenant);
      chain.rows[1]!.body = chain.rows[1]!.body.slice(1);
      await store.write(tenant, chain);
      await expect(log.list({ tenant_id: tenant })).rejects.toMatchObject({
        code: 'corrupt_record',
        message: expect.stringContaining('record 2') as unknown,
      });
    });
  });

  describe('verify', () => {
    it('reads a chain longer than one chunk', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 1201);
      expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 1201 });
    });

    it('holds while appends go on', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 600);
      const [verification] = await Promise.all([log.verify(tenant), appendMany(tenant, 300)]);
      expect(verification.valid).toBe(true);
      expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 900 });
    });

    it.each<[string, (chain: RawChain) => void, object]>([
      ['a record removed', ({ rows }) => rows.splice(1, 1), { sequence: 2, reason: 'gap' }],
      ['the first removed', ({ rows }) => rows.splice(0, 1), { sequence: 1, reason: 'gap' }],
      ['the last removed', ({ rows }) => rows.pop(), { sequence: 4, reason: 'truncated' }],
      ['all removed', ({ rows }) => (rows.length = 0), { sequence: 1, reason: 'truncated' }],
      ['two swapped', swap(1, 2), { sequence: 2, reason: 'reordered' }],
      [
        'a hash changed',
        ({ rows }) => (rows[1]!.hash = 'f'.repeat(64)),
        { sequence: 2, reason: 'hash_mismatch' },
      ],
      [
        'the context changed',
        ({ rows }) => (rows[2]!.context = '{"command":"true"}'),
        { sequence: 3, reason: 'context_mismatch' },
      ],
      [
        'the head lost',
        (chain) => (chain.head = undefined),
        { sequence: 4, reason: 'head_mismatch' },
      ],
      [
        'the head set back',
        (chain) => (chain.head = { sequence: 3, hash: chain.rows[2]!.hash }),
        { sequence: 4, reason: 'head_mismatch' },
      ],
      [
        'another hash in the head',
        (chain) => (chain.head!.hash = 'f'.repeat(64)),
        { sequence: 4, reason: 'head_mismatch' },
      ],
    ])('finds %s', async (_case, tamper, fault) => {
      const tenant = newTenant();
      await appendMany(tenant, 4);
      const chain = await store.read(tenant);
      tamper(chain);
      await store.write(tenant, chain);
      expect(await log.verify(tenant)).toEqual({ valid: false, ...fault });
    });

    it('finds a record that was taken from another tenant', async () => {
      const [victim, other] = [newTenant(), newTenant()];
      await appendMany(victim, 1);
      await appendMany(other, 1);
      await store.write(victim, await store.read(other));
      expect(await log.verify(victim)).toMatchObject({ valid: false, sequence: 1 });
    });

    it('finds a record that lookups by decision or run no longer lead to', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 3);
      await store.unindex(tenant, 2);
      expect(await log.verify(tenant)).toEqual({
        valid: false,
        sequence: 2,
        reason: 'index_mismatch',
      });
    });

    it('accepts a chain whose contexts were dropped', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 2);
      const chain = await store.read(tenant);
      for (const row of chain.rows) row.context = undefined;
      await store.write(tenant, chain);
      expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 2 });
      expect((await log.list({ tenant_id: tenant })).records[0]).not.toHaveProperty('context');
    });

    it('finds any changed byte, removed record and swap', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 5);
      const good = await store.read(tenant);
      await fc.assert(
        fc.asyncProperty(tampering(good), async (bad) => {
          await store.write(tenant, bad);
          expect((await log.verify(tenant)).valid).toBe(false);
        }),
        { numRuns: 100 },
      );
      await store.write(tenant, good);
      expect((await log.verify(tenant)).valid).toBe(true);
    });

    it('refuses to append behind a head that was set back', async () => {
      const tenant = newTenant();
      await appendMany(tenant, 3);
      const chain = await store.read(tenant);
      chain.head = { sequence: 1, hash: chain.rows[0]!.hash };
      await store.write(tenant, chain);
      await expect(open().append(entry(tenant))).rejects.toMatchObject({ code: 'corrupt_record' });
      expect((await store.read(tenant)).rows).toHaveLength(3);
    });
  });

  it('answers a ping until it is closed, and then refuses everything', async () => {
    const another = store.open();
    await another.ping();
    const pending = another.append(entry(newTenant()));
    await another.close();
    expect((await pending).sequence).toBe(1);
    await another.close();
    const closed = { name: 'AuditError', code: 'store_unavailable' };
    await expect(another.append(entry('t'))).rejects.toMatchObject(closed);
    await expect(another.list({ tenant_id: 't' })).rejects.toMatchObject(closed);
    await expect(another.verify('t')).rejects.toMatchObject(closed);
    await expect(another.ping()).rejects.toMatchObject(closed);
  });
});

function swap(a: number, b: number) {
  return ({ rows }: RawChain) => {
    const [first, second] = [rows[a]!, rows[b]!];
    rows[a] = { ...second, sequence: first.sequence };
    rows[b] = { ...first, sequence: second.sequence };
  };
}

/** Every way to change one stored byte, remove one record or swap two. */
function tampering(chain: RawChain): fc.Arbitrary<RawChain> {
  const copy = () => structuredClone(chain);
  const row = fc.nat(chain.rows.length - 1);
  const changed = fc
    .tuple(
      row,
      fc.constantFrom<'body' | 'hash' | 'context'>('body', 'hash', 'context'),
      fc.nat(),
      fc.integer({ min: 0x20, max: 0x7e }),
    )
    .map(([index, field, at, code]) => {
      const bad = copy();
      const text = bad.rows[index]![field]!;
      const place = at % text.length;
      // Another character than the one that is there.
      const other = text.charCodeAt(place) === code ? code ^ 1 : code;
      bad.rows[index]![field] =
        text.slice(0, place) + String.fromCharCode(other) + text.slice(place + 1);
      return bad;
    });
  const removed = row.map((index) => {
    const bad = copy();
    bad.rows.splice(index, 1);
    return bad;
  });
  const swapped = fc
    .tuple(row, row)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => {
      const bad = copy();
      swap(a, b)(bad);
      return bad;
    });
  return fc.oneof({ weight: 8, arbitrary: changed }, removed, swapped);
}
