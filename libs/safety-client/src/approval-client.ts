import type {
  Approval,
  ApprovalDecisionRequest,
  ApprovalPage,
  CreateApprovalRequest,
} from '@ae/contracts';
import { approvalPageSchema, approvalSchema } from '@ae/contracts';
import type { SafetyClientOptions } from './connection.ts';
import { Connection } from './connection.ts';

/** Asks a person, and gives a person's decision. */
export class ApprovalClient {
  readonly #connection: Connection;

  constructor(options: SafetyClientOptions) {
    this.#connection = new Connection(options);
  }

  /** The same run and step ask once: a repeated request finds the first. */
  create(request: CreateApprovalRequest): Promise<Approval> {
    return this.#connection.request({
      method: 'POST',
      path: ['approvals'],
      body: request,
      answer: approvalSchema,
      repeatable: true,
    });
  }

  get(approvalId: string): Promise<Approval> {
    return this.#connection.request({
      method: 'GET',
      path: ['approvals', approvalId],
      answer: approvalSchema,
      repeatable: true,
    });
  }

  list(query: { status?: Approval['status'] } = {}): Promise<ApprovalPage> {
    return this.#connection.request({
      method: 'GET',
      path: ['approvals'],
      query: { status: query.status },
      answer: approvalPageSchema,
      repeatable: true,
    });
  }

  /** Never repeated: read the approval to learn whether a decision whose answer was lost arrived. */
  decide(approvalId: string, decision: ApprovalDecisionRequest): Promise<Approval> {
    return this.#connection.request({
      method: 'POST',
      path: ['approvals', approvalId, 'decision'],
      body: decision,
      answer: approvalSchema,
      repeatable: false,
    });
  }
}
