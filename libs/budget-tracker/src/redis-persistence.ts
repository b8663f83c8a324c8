import type { Persistence } from './budget-store.ts';

/** What `INFO` of a server says about what outlives its process. */
export function persistenceOf(info: string): Persistence {
  const fields = new Map(
    info.split('\r\n').map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name, value.join(':')] as const;
    }),
  );
  const name = `Redis ${fields.get('redis_version') ?? 'of an unknown version'}`;
  if (fields.get('aof_enabled') !== '1') {
    const snapshot =
      fields.get('rdb_last_bgsave_status') === 'ok'
        ? 'a crash loses what came after its last snapshot'
        : 'its last snapshot has failed too';
    return {
      durable: false,
      detail: `${name} has no append-only file, ${snapshot}: set \`appendonly yes\`.`,
    };
  }
  const status = fields.get('aof_last_write_status') ?? 'unknown';
  if (status !== 'ok') {
    return {
      durable: false,
      detail: `The last write of ${name} to its append-only file has failed (${status}): look at its disk.`,
    };
  }
  return { durable: true, detail: `${name} keeps an append-only file (\`appendonly yes\`).` };
}
