import { startRedis } from '@ae/test-support';
import { Redis } from 'ioredis';
import { coded } from '../test/coded.ts';
import { failOver, killRedis, moveSlots } from '../test/redis-faults.ts';
import type { Ordeal } from '../test/redis-faults.ts';
import { PATIENT } from '../test/store-fixtures.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';

const FAILOVERS = 5;
const LAG_MS = 50;

describe('SIGKILL of Redis under load', () => {
  it.each([
    ['everysec', 20],
    ['always', 5],
  ] as const)(
    'with appendfsync %s, %i times on one folder, loses nothing that is acknowledged',
    async (appendFsync, kills) => {
      const ordeal = await killRedis({ appendFsync, kills });
      print(`appendfsync ${appendFsync}, ${kills} kills`, [ordeal]);
      expect(ordeal.acknowledged).toBeGreaterThan(kills * 100);
      expect(ordeal.repeated).toBeGreaterThan(kills);
      expect(ordeal.lost).toEqual([]);
      expect(ordeal.violations).toEqual([]);
    },
    300_000,
  );

  it('without an append-only file, 3 times, loses everything, as persistence tells before', async () => {
    const server = await startRedis({ appendOnly: false });
    const client = new Redis(server.url);
    client.on('error', () => undefined);
    const tracker = new BudgetTracker(
      new RedisBudgetStore(client, { commandTimeoutMs: PATIENT.commandTimeout }),
    );
    for (let kill = 0; kill < 3; kill += 1) {
      await tracker.create('run', 10);
      await tracker.spend('run', 10);
      expect(await tracker.persistence()).toMatchObject({ durable: false });
      await server.kill();
      await server.restart();
      await expect(tracker.status('run')).rejects.toThrow(coded('budget_not_found'));
    }
    client.disconnect();
    await server.stop();
  });
});

describe('failover to a replica under load', () => {
  it('loses nothing that is acknowledged when the replica confirms', async () => {
    const durability = { replicas: 1, timeoutMs: 200 };
    const ordeals = await failOvers(durability);
    print(`${FAILOVERS} failovers, confirmed by the replica`, ordeals);
    for (const { lost, violations } of ordeals) {
      expect(lost).toEqual([]);
      expect(violations).toEqual([]);
    }
  }, 300_000);

  it('tells what is lost when it does not', async () => {
    const ordeals = await failOvers(undefined);
    print(`${FAILOVERS} failovers, not confirmed`, ordeals);
  }, 300_000);

  async function failOvers(
    durability: Parameters<typeof failOver>[0]['durability'],
  ): Promise<Ordeal[]> {
    const ordeals: Ordeal[] = [];
    for (let count = 0; count < FAILOVERS; count += 1) {
      ordeals.push(await failOver({ durability, lagMs: LAG_MS }));
    }
    return ordeals;
  }
});

describe('slots that move between nodes under load', () => {
  it('cost nothing, and every answer has its place in one order', async () => {
    const ordeal = await moveSlots({ runs: 12, moves: 36 });
    print('36 moves of slots', [ordeal]);
    expect(ordeal.lost).toEqual([]);
    expect(ordeal.violations).toEqual([]);
  }, 300_000);
});

function print(what: string, ordeals: readonly Ordeal[]): void {
  const sum = (of: (ordeal: Ordeal) => number): number =>
    ordeals.reduce((total, ordeal) => total + of(ordeal), 0);
  const acknowledged = sum((ordeal) => ordeal.acknowledged);
  const lost = sum((ordeal) => ordeal.lost.length);
  const repeated = sum((ordeal) => ordeal.repeated);
  process.stderr.write(
    `${what}: ${acknowledged} operations acknowledged, ${repeated} of them when repeated, ${lost} lost\n`,
  );
}
