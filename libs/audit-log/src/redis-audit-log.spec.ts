import { createServer, connect as connectSocket } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import { Cluster, Redis } from 'ioredis';
import { entry, newTenant } from './audit-stores.fixture.spec.ts';
import { RedisAuditLog } from './index.ts';

// Processes and servers of their own are slow on a busy machine.
import.meta.jest.setTimeout(60_000);

/** For what is not about time: a busy machine is no fault of the log. */
const patient = { commandTimeout: 10_000 };

describe('RedisAuditLog', () => {
  let server: RedisServer;
  const clients: (Redis | Cluster)[] = [];
  const keep = <T extends Redis | Cluster>(client: T): T => {
    // Broken connections are what some tests are about.
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server.stop();
  });

  it('keeps every key of a tenant in one slot of a cluster', async () => {
    const single = await startRedis({
      args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    });
    try {
      const { port } = new URL(single.url);
      const admin = keep(new Redis(single.url));
      // In a container the port that clients reach is not the one it listens on.
      await admin.config('SET', 'cluster-announce-port', port);
      await admin.cluster('ADDSLOTSRANGE', 0, 16383);
      while (!(await admin.cluster('INFO')).includes('cluster_state:ok')) await pause(20);
      const cluster = keep(new Cluster([{ host: '127.0.0.1', port: Number(port) }]));
      const log = new RedisAuditLog(cluster, patient);
      const tenants = ['acme', 'a}b{c', '{x}'];
      for (const tenant of tenants) {
        await Promise.all(Array.from({ length: 20 }, () => log.append(entry(tenant))));
        expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 20 });
        const query = { tenant_id: tenant, limit: 5 };
        expect((await log.list({ ...query, run_id: 'run-1' })).records).toHaveLength(5);
        expect((await log.list(query)).records).toHaveLength(5);
      }
      await log.ping();
      await log.close();
    } finally {
      await single.stop();
    }
  });

  it('loses nothing acknowledged when Redis is killed, and says when it is away', async () => {
    const own = await startRedis();
    try {
      const client = keep(new Redis(own.url, { retryStrategy: () => 50 }));
      const log = new RedisAuditLog(client);
      const tenant = newTenant();
      const patientLog = new RedisAuditLog(client, patient);
      for (let i = 0; i < 20; i++) await patientLog.append(entry(tenant));
      await own.kill();
      const unavailable = { name: 'AuditError', code: 'store_unavailable' };
      await expect(log.append(entry(tenant))).rejects.toMatchObject(unavailable);
      await expect(log.list({ tenant_id: tenant })).rejects.toMatchObject(unavailable);
      await expect(log.verify(tenant)).rejects.toMatchObject(unavailable);
      await expect(log.ping()).rejects.toMatchObject(unavailable);
      await own.restart();
      while (client.status !== 'ready') await pause(10);
      expect((await patientLog.append(entry(tenant))).sequence).toBeGreaterThanOrEqual(21);
      expect(await patientLog.verify(tenant)).toMatchObject({ valid: true });
    } finally {
      await own.stop();
    }
  });

  it('says that a Redis that hangs is away, and goes on when it is back', async () => {
    const proxy = await startProxy(server.url);
    const log = new RedisAuditLog(keep(new Redis(proxy.port, '127.0.0.1')));
    const tenant = newTenant();
    await log.append(entry(tenant));
    proxy.holdReplies();
    await expect(log.append(entry(tenant))).rejects.toMatchObject({ code: 'store_unavailable' });
    proxy.releaseReplies();
    const { sequence } = await log.append(entry(tenant));
    // The append without an answer was written: that it was not is never promised.
    expect(sequence).toBe(3);
    expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 3 });
    await proxy.stop();
  });

  it('writes a record once when the connection breaks before the answer and the client resends', async () => {
    const proxy = await startProxy(server.url);
    const client = keep(new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 1 }));
    const log = new RedisAuditLog(client, patient);
    const tenant = newTenant();
    await log.append(entry(tenant));
    for (let round = 0; round < 5; round++) {
      proxy.holdReplies();
      const pending = log.append(entry(tenant, { decision_id: `dec_round_${round}` }));
      await proxy.replyHeld();
      proxy.breakConnections();
      proxy.releaseReplies();
      expect((await pending).sequence).toBe(round + 2);
    }
    expect(await log.verify(tenant)).toMatchObject({ valid: true, records: 6 });
    await proxy.stop();
  });

  it('works when the scripts of Redis are flushed', async () => {
    const client = keep(new Redis(server.url));
    const log = new RedisAuditLog(client, patient);
    const tenant = newTenant();
    await log.append(entry(tenant));
    await client.script('FLUSH');
    expect((await log.append(entry(tenant))).sequence).toBe(2);
  });

  it('gives an overtaken writer its turn', async () => {
    const client = keep(new Redis(server.url));
    const near = new RedisAuditLog(client, patient);
    // Every answer comes late: without turns this writer would always find a newer head.
    const proxy = await startProxy(server.url, 8);
    const far = new RedisAuditLog(keep(new Redis(proxy.port, '127.0.0.1')), patient);
    const tenant = newTenant();
    let done = false;
    const busy = Array.from({ length: 4 }, async () => {
      while (!done) await near.append(entry(tenant));
    });
    for (let i = 0; i < 10; i++) await far.append(entry(tenant, { decision_id: 'dec_far' }));
    done = true;
    await Promise.all(busy);
    expect(await near.verify(tenant)).toMatchObject({ valid: true });
    const found = await near.list({ tenant_id: tenant, decision_id: 'dec_far' });
    expect(found.records).toHaveLength(10);
    await proxy.stop();
  });

  it('finds records that stand behind the head or between two others', async () => {
    const client = keep(new Redis(server.url));
    const log = new RedisAuditLog(client, patient);
    const behind = newTenant();
    await log.append(entry(behind));
    await client.xadd(`audit:{${behind}}`, '2-0', 'body', '{}', 'hash', 'x');
    expect(await log.verify(behind)).toMatchObject({ valid: false, sequence: 2 });
    const between = newTenant();
    await log.append(entry(between));
    await client.xadd(`audit:{${between}}`, '1-7', 'body', '{}', 'hash', 'x');
    expect(await log.verify(between)).toMatchObject({ valid: false, sequence: 2 });
  });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A TCP proxy before Redis that delays answers, or holds them back. */
async function startProxy(url: string, delay = 0) {
  const target = Number(new URL(url).port);
  const sockets = new Set<Socket>();
  let held: (() => void)[] | undefined;
  let onHeld = (): void => undefined;
  const proxy = createServer((near) => {
    const far = connectSocket(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (data) => {
      const send = () => {
        if (!near.destroyed) near.write(data);
      };
      if (held !== undefined) {
        held.push(send);
        onHeld();
      } else if (delay > 0) setTimeout(send, delay);
      else send();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    holdReplies() {
      held = [];
    },
    /** Resolves when Redis has answered something that is held back. */
    replyHeld: () => new Promise<void>((resolve) => (onHeld = resolve)),
    releaseReplies() {
      const waiting = held ?? [];
      held = undefined;
      for (const send of waiting) send();
    },
    breakConnections() {
      for (const socket of sockets) socket.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        proxy.close(resolve);
      }),
  };
}
