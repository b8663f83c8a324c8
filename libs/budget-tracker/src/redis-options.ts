import type { ClusterOptions, RedisOptions } from 'ioredis';

/** Milliseconds after which a command without an answer has failed. */
export const COMMAND_TIMEOUT_MS = 250;

/**
 * Options for `new Redis(url, redisOptions)` that fail closed within 250 ms and never send a
 * command twice: ioredis' defaults queue while Redis is down (the first error comes after more than
 * a minute) and send again what lost its reply (a spend would be counted twice).
 *
 * Auto-pipelining stays off: it sends what the callers of one turn ask for as a whole, and Redis answers it as a whole,
 * so that each of the two waits while the other works, and about half as many reserves get through (see CommandBurst).
 */
export const redisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: 1000,
  // A server that hangs without closing: give the connection up and open another.
  socketTimeout: 1000,
  retryStrategy: (attempt: number) => Math.min(attempt * 50, 1000),
} as const satisfies RedisOptions;

/**
 * Options for `new Cluster(nodes, redisClusterOptions)`, to the same ends. One differs:
 * the offline queue stays on, because without it a Cluster client refuses whatever is sent while it
 * opens its first connection to a node (the store's own deadline bounds the wait, and the ids make
 * a command that is sent late harmless).
 */
export const redisClusterOptions = {
  retryDelayOnFailover: 0,
  slotsRefreshTimeout: 1000,
  clusterRetryStrategy: redisOptions.retryStrategy,
  redisOptions: {
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: redisOptions.connectTimeout,
    socketTimeout: redisOptions.socketTimeout,
  },
} as const satisfies ClusterOptions;
