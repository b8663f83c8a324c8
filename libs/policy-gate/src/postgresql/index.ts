export { loadPostgresParser } from './postgres-parser.ts';
export type { PostgresParser } from './postgres-parser.ts';
