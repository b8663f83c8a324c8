import type { DecideUpdate, ParsedCreateRunRequest } from '@ae/contracts';

/** A run as an engine is given it. */
export type EngineRun = ParsedCreateRunRequest & { run_id: string };

/** What an engine knows of a run that it was given. */
export type EngineState = 'running' | 'ended' | 'unknown';

/**
 * Carries runs out. It reports what becomes of them by itself (`RunService.report`).
 *
 * @throws HttpProblem `workflow_engine_unavailable` when the engine cannot be reached
 */
export interface RunEngine {
  readonly name: 'temporal' | 'inline';
  /** Whether a run survives a restart: approvals and deployments need that. */
  readonly durable: boolean;
  /** Starts a run; a second start of the same run changes nothing. */
  start(run: EngineRun): Promise<void>;
  /** Asks a run to end. It reports `cancelled` once it has cleaned up. */
  cancel(runId: string): Promise<void>;
  /** Hands a person's decision to the run that waits for it. */
  decide(runId: string, decision: DecideUpdate): Promise<void>;
  state(runId: string): Promise<EngineState>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
