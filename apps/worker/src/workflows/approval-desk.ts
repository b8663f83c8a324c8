import type { Agent, DECIDE_UPDATE, DecideUpdate, RunStep } from '@ae/contracts';
import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow';
import type { ApprovalDemand } from '../failure-types.ts';
import type { RequestApprovalInput } from '../activities/activity-types.ts';
import { reportRun, requestApproval } from './activities.ts';
import { RunEnded, approvalDemandOf } from './run-ending.ts';

/** Only the types of the contract come into a workflow: zod would triple the bundle. */
const DECIDE: typeof DECIDE_UPDATE = 'decide';

export const decideUpdate = defineUpdate<{ approval_id: string }, [DecideUpdate]>(DECIDE);

/** How long the desk first trusts that a decision will be told, in milliseconds; then twice that. */
const FIRST_LOOK_MS = 60_000;
const LONGEST_LOOK_MS = 3_600_000;

type Decision = Pick<DecideUpdate, 'decision' | 'reason' | 'decided_by'>;

/**
 * Where a run waits for people. Made before anything else in a workflow, so that every decision
 * finds its handler. The decision that a person gave is stored by the control plane first; it
 * reaches the run by the update `decide`, or, when that was lost, by looking.
 */
export class ApprovalDesk {
  readonly #runId: string;
  readonly #agent: Agent | undefined;
  readonly #expiresInSeconds: number;
  readonly #decided = new Map<string, DecideUpdate>();
  /** A request is under way: a decision may be quicker than the answer with the approval's id. */
  #asking = false;
  #waiting: { approval_id: string; expiresAt: number } | undefined;

  constructor(runId: string, agent: Agent | undefined, expiresInSeconds: number) {
    this.#runId = runId;
    this.#agent = agent;
    this.#expiresInSeconds = expiresInSeconds;
    setHandler(
      decideUpdate,
      (update) => {
        this.#decided.set(update.approval_id, update);
        return { approval_id: update.approval_id };
      },
      { validator: (update: DecideUpdate) => this.#validate(update) },
    );
  }

  /**
   * Tries `work`; when that needs an approval, asks for it and tries again with it.
   * @throws RunEnded when a person said no, or nobody said anything in time
   */
  async tryWith<T>(work: (approvals: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
    const granted: Record<string, string> = {};
    for (;;) {
      try {
        return await work(granted);
      } catch (error) {
        const demand = approvalDemandOf(error);
        if (!demand || granted[demand.step] !== undefined) throw error;
        granted[demand.step] = await this.#ask(demand);
      }
    }
  }

  async #ask(demand: ApprovalDemand): Promise<string> {
    const step: RunStep = {
      name: `approve ${demand.step}`.slice(0, 64),
      status: 'running',
      started_at: now(),
    };
    let decision: Decision | undefined;
    let approval_id: string;
    try {
      this.#asking = true;
      const request = {
        run_id: this.#runId,
        agent: this.#agent,
        demand,
        expires_in_seconds: this.#expiresInSeconds,
      };
      const approval = await requestApproval(request);
      ({ approval_id } = approval);
      this.#waiting = { approval_id, expiresAt: Date.parse(approval.expires_at) };
      await reportRun({
        run_id: this.#runId,
        status: 'waiting_approval',
        approval_id,
        steps: [step],
      });
      decision = await this.#decisionOn(request, this.#waiting);
    } finally {
      this.#asking = false;
      this.#waiting = undefined;
      step.status = decision?.decision === 'approve' ? 'succeeded' : 'failed';
      step.ended_at = now();
    }
    if (decision?.decision === 'approve') {
      await reportRun({ run_id: this.#runId, status: 'running', steps: [step] });
      return approval_id;
    }
    throw new RunEnded({
      status: 'denied',
      error: decision
        ? {
            code: 'policy_denied',
            detail: `${decision.decided_by} rejected it: ${decision.reason}`,
          }
        : { code: 'approval_required', detail: 'nobody approved it before the request expired' },
    });
  }

  /** What was decided; undefined when the time is over. */
  async #decisionOn(
    request: RequestApprovalInput,
    { approval_id, expiresAt }: { approval_id: string; expiresAt: number },
  ): Promise<Decision | undefined> {
    for (let look = FIRST_LOOK_MS; ; look = Math.min(look * 2, LONGEST_LOOK_MS)) {
      const left = Math.max(0, expiresAt - Date.now());
      const wait = Math.max(1, Math.min(look, left));
      const told = await condition(() => this.#decided.has(approval_id), wait);
      if (told) return this.#decided.get(approval_id);
      const isOver = left <= look;
      // Asking the same again answers how the approval stands.
      const approval = await requestApproval(request);
      // A decision may have been told while the control plane was asked.
      const known = this.#decided.get(approval_id) ?? decisionIn(approval);
      if (known) return known;
      if (approval.status === 'cancelled') throw new RunEnded({ status: 'cancelled' });
      if (isOver || approval.status !== 'pending') return undefined;
    }
  }

  #validate(update: DecideUpdate): void {
    const { approval_id } = update;
    if (!this.#asking) throw refusal('this run does not wait for an approval');
    if (this.#decided.has(approval_id)) throw refusal('this approval is decided already');
    if (!this.#waiting) return;
    if (this.#waiting.approval_id !== approval_id) {
      throw refusal('this run waits for another approval');
    }
    if (Date.now() >= this.#waiting.expiresAt) throw refusal('this approval has expired');
  }
}

function decisionIn(approval: {
  status: string;
  decided_by?: string | undefined;
  decision_reason?: string | undefined;
}): Decision | undefined {
  if (approval.status !== 'approved' && approval.status !== 'rejected') return undefined;
  return {
    decision: approval.status === 'approved' ? 'approve' : 'reject',
    decided_by: approval.decided_by ?? 'a person',
    reason: approval.decision_reason ?? 'no reason given',
  };
}

function refusal(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'DecisionRefused');
}

function now(): string {
  return new Date().toISOString();
}
