import {
  everyRecord,
  newTenant,
  redisStore,
  runWriter,
  sqliteStore,
} from './audit-stores.fixture.spec.ts';

const ROUNDS = 100;

describe.each([
  ['SqliteAuditLog', sqliteStore],
  ['RedisAuditLog', redisStore],
])('%s under kill -9', (_name, startStore) => {
  it(`loses no acknowledged record and keeps one chain in ${ROUNDS} kills of two writers`, async () => {
    const store = await startStore();
    const log = store.open();
    const tenant = newTenant();
    const acknowledged = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const writers = ['a', 'b'].map((name) =>
        runWriter(store, tenant, `${name}${round}`, 1_000_000),
      );
      await Promise.all(writers.map((writer) => writer.acknowledged(1 + (round % 40))));
      for (const writer of writers) {
        writer.kill();
        for (const id of await writer.ended) acknowledged.add(id);
      }
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual(2 * ROUNDS);
    expect(await log.verify(tenant)).toMatchObject({ valid: true });
    const stored = new Set<string>();
    for await (const { decision_id } of everyRecord(log, tenant)) stored.add(decision_id);
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    await log.close();
    await store.stop();
  }, 600_000);
});
