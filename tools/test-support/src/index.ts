export { launchBrowser } from './browser.ts';
export { freePort } from './free-port.ts';
export { readmeExamples } from './readme-examples.ts';
export type { ReadmeExample } from './readme-examples.ts';
export { startRedis } from './redis-server.ts';
export type { RedisOptions, RedisServer } from './redis-server.ts';
export { sandboxImage } from './sandbox-image.ts';
export { startTemporal, temporalBinary } from './temporal-server.ts';
export type { TemporalOptions, TemporalServer } from './temporal-server.ts';
