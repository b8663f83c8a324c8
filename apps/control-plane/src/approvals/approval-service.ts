import { createHash } from 'node:crypto';
import type {
  Approval,
  ApprovalDecisionRequest,
  ApprovalPage,
  CreateApprovalRequest,
  NewEvent,
} from '@ae/contracts';
import { digestOf } from '../checks/check-service.ts';
import { HttpProblem } from '../http/http-problem.ts';
import type { Principal } from '../http/principal.ts';
import type { RecordStore, StoredRecord } from '../records/record-store.ts';
import type { RunEngine } from '../runs/run-engine.ts';

export interface ApprovalRecord extends StoredRecord {
  approval: Approval;
}

export interface ApprovalServiceOptions {
  records: RecordStore<ApprovalRecord>;
  publish: (event: NewEvent) => Promise<void>;
  /** Whether a run will not act any more: nothing can be approved for it. */
  isOver: (runId: string) => Promise<boolean>;
  /** Writes who decided what into the audit log, before the decision is stored. */
  recordDecision: (approval: Approval, principal: Principal) => Promise<void>;
}

const MAX_LISTED = 200;
const DEFAULT_EXPIRY_SECONDS = 86_400;

/**
 * Keeps what people were asked and what they said. A grant is stored before the run that waits is
 * told, and the run acts only when `/check` finds the grant here, bound to the digest of exactly
 * these arguments.
 */
export class ApprovalService {
  readonly #options: ApprovalServiceOptions;

  constructor(options: ApprovalServiceOptions) {
    this.#options = options;
  }

  /** Asks once for each run, step and digest: a repeated request answers the same approval. */
  async create(request: CreateApprovalRequest): Promise<Approval> {
    const { run_id, step, action, context, reason } = request;
    const digest = digestOf(action, context);
    const seed = JSON.stringify([run_id, step, digest]);
    const approval_id = `apr_${createHash('sha256').update(seed).digest('hex').slice(0, 32)}`;
    const now = Date.now();
    const expiry = request.expires_in_seconds ?? DEFAULT_EXPIRY_SECONDS;
    const approval: Approval = {
      approval_id,
      run_id,
      step,
      status: 'pending',
      action,
      context,
      digest,
      reason,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + expiry * 1000).toISOString(),
    };
    const record = { id: approval_id, status: approval.status, approval };
    if (!(await this.#options.records.insert(record))) return this.get(approval_id);
    await this.#publish(approval);
    return approval;
  }

  async get(approvalId: string): Promise<Approval> {
    const record = await this.#options.records.get(approvalId);
    if (!record) throw notFound(approvalId);
    return current(record.approval);
  }

  async list(status: Approval['status'] | undefined): Promise<ApprovalPage> {
    const { records } = await this.#options.records.list({ limit: MAX_LISTED, status });
    const approvals = records.map(({ approval }) => current(approval));
    return { approvals: approvals.filter((one) => !status || one.status === status) };
  }

  /** Decides once. Deciding alike again is answered alike, and tells the waiting run again. */
  async decide(
    approvalId: string,
    request: ApprovalDecisionRequest,
    principal: Principal,
    engine: RunEngine,
  ): Promise<Approval> {
    const wanted = request.decision === 'approve' ? 'approved' : 'rejected';
    const asked = await this.get(approvalId);
    if (asked.status === 'pending') {
      if (await this.#options.isOver(asked.run_id)) {
        throw new HttpProblem('conflict', 'the run ended; nothing waits for this decision');
      }
      await this.#options.recordDecision(
        { ...asked, status: wanted, decision_reason: request.reason },
        principal,
      );
    }
    const record = await this.#options.records.update(approvalId, (stored) => {
      const approval = current(stored.approval);
      if (request.digest !== undefined && request.digest !== approval.digest) {
        throw new HttpProblem('conflict', 'what is asked for has changed; read it again');
      }
      if (approval.status === wanted) return undefined;
      if (approval.status !== 'pending') {
        throw new HttpProblem('conflict', `this approval is ${approval.status} already`);
      }
      const decided: Approval = {
        ...approval,
        status: wanted,
        decided_by: principal.user_id,
        decided_at: new Date().toISOString(),
        decision_reason: request.reason,
      };
      return { ...stored, status: wanted, approval: decided };
    });
    if (!record) throw notFound(approvalId);
    await engine.decide(record.approval.run_id, {
      approval_id: approvalId,
      decision: request.decision,
      reason: record.approval.decision_reason ?? request.reason,
      decided_by: record.approval.decided_by ?? principal.user_id,
    });
    await this.#publish(record.approval);
    return record.approval;
  }

  /** Ends what nobody can use any more: its run ended. */
  async cancelOfRun(runId: string): Promise<void> {
    for await (const { id, approval } of this.#pending()) {
      if (approval.run_id !== runId) continue;
      const record = await this.#options.records.update(id, (stored) =>
        stored.status === 'pending'
          ? {
              ...stored,
              status: 'cancelled',
              approval: { ...stored.approval, status: 'cancelled' },
            }
          : undefined,
      );
      if (record) await this.#publish(record.approval);
    }
  }

  async *#pending(): AsyncGenerator<ApprovalRecord> {
    let cursor: string | undefined;
    do {
      const query = { limit: MAX_LISTED, status: 'pending', cursor };
      const page = await this.#options.records.list(query);
      yield* page.records;
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }

  /** Whether a person granted exactly this, for this run, and the run still goes on. */
  async isApproved(wanted: {
    approval_id: string;
    run_id: string | undefined;
    digest: string;
  }): Promise<boolean> {
    const record = await this.#options.records.get(wanted.approval_id);
    return (
      record?.approval.status === 'approved' &&
      record.approval.run_id === wanted.run_id &&
      record.approval.digest === wanted.digest &&
      !(await this.#options.isOver(record.approval.run_id))
    );
  }

  async #publish(approval: Approval): Promise<void> {
    await this.#options.publish({ type: 'approval.updated', data: approval });
  }
}

/** A pending approval past its time is expired, whether or not anybody wrote that down. */
function current(approval: Approval): Approval {
  return approval.status === 'pending' && Date.parse(approval.expires_at) <= Date.now()
    ? { ...approval, status: 'expired' }
    : approval;
}

function notFound(approvalId: string): HttpProblem {
  return new HttpProblem('not_found', `there is no approval ${approvalId}`);
}
