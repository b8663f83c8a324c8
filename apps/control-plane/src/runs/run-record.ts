import type { Run } from '@ae/contracts';
import type { StoredRecord } from '../records/record-store.ts';

/** A run as it is stored: what the wire shows, and what a second request is compared with. */
export interface RunRecord extends StoredRecord {
  run: Run;
  /** SHA-256 of the canonical request: the same request again is the same run. */
  request_digest: string;
}
