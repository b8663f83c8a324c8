export { AuditError } from './audit-error.ts';
export type { AuditErrorCode } from './audit-error.ts';
export type {
  AuditEntry,
  AuditFault,
  AuditLog,
  AuditPage,
  AuditQuery,
  AuditRecord,
  AuditVerification,
} from './audit-log.ts';
export { canonicalJson } from './canonical-json.ts';
export { MAX_CONTEXT_BYTES } from './entry-rules.ts';
export { GENESIS_HASH, hashRecord, verifyRecords } from './hash-chain.ts';
export { RedisAuditLog } from './redis-audit-log.ts';
export { SqliteAuditLog } from './sqlite-audit-log.ts';
