export { freePort, startRedis } from './redis-server.ts';
export type { RedisServer } from './redis-server.ts';
export { readmeExamples } from './readme-examples.ts';
export type { ReadmeExample } from './readme-examples.ts';
