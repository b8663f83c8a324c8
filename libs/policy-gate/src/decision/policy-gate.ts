import type { ActionContext } from '../actions.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import { parsePolicy, resolvePolicy } from '../policy/load-policy.ts';
import type { Policy, PolicyInput } from '../policy/policy-schema.ts';
import { watchSources } from '../policy/watch-sources.ts';
import type { PostgresParser } from '../postgresql/postgres-parser.ts';
import { decide, refuse } from './decide.ts';
import type { Explanation } from './explain.ts';
import { explainDecision } from './explain.ts';
import type { PolicyDecision } from './policy-decision.ts';
import { loadPolicy, preparePolicy } from './prepare-policy.ts';

/** What a gate may be given besides its policy. */
export interface GateOptions {
  /** PostgreSQL's own parser, from `@ae/policy-gate/postgresql`. */
  postgres?: PostgresParser | undefined;
}

/** How {@link PolicyGate.load} reads its policy. */
export interface LoadOptions extends GateOptions {
  /** A second file or text, of the workspace, that may only tighten the first. */
  workspace?: string | undefined;
  /** Looks at the files twice a second and takes over what changed; ends with `close()`. */
  watch?: boolean | undefined;
  /** Called with the new version after a change was taken over. */
  onReload?: ((version: string) => void) | undefined;
  /** Called when a changed file is no valid policy; the old policy stays in force. */
  onReloadError?: ((error: Error) => void) | undefined;
}

/**
 * Decides whether an agent's action may happen. Pure and synchronous: no I/O, no clock, the same
 * answer for the same policy and context. Static analysis is not containment: run what was allowed
 * in a sandbox all the same.
 */
export class PolicyGate {
  private compiled: CompiledPolicy;
  private readonly postgres: PostgresParser | undefined;
  private stopWatching: (() => void) | undefined;

  /** Throws {@link PolicyError} for a policy that is not valid in every part. */
  constructor(policy: PolicyInput = {}, { postgres }: GateOptions = {}) {
    this.postgres = postgres;
    this.compiled = preparePolicy(resolvePolicy(parsePolicy(policy)));
  }

  /** Loads a policy from a YAML or JSON file, or from such a text. Throws {@link PolicyError}. */
  static load(pathOrText: string, options: LoadOptions = {}): PolicyGate {
    const { workspace, watch, onReload, onReloadError } = options;
    const gate = new PolicyGate({}, options);
    gate.compiled = loadPolicy(pathOrText, workspace);
    if (watch === true) {
      gate.stopWatching = watchSources([pathOrText, workspace], () => {
        try {
          const compiled = loadPolicy(pathOrText, workspace);
          if (compiled.version === gate.version) return;
          gate.compiled = compiled;
        } catch (error) {
          onReloadError?.(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        onReload?.(gate.version);
      });
    }
    return gate;
  }

  /** `<semver>+<content hash>` of the policy in force. */
  get version(): string {
    return this.compiled.version;
  }

  /** The policy in force, its preset and the workspace's file laid in. */
  get policy(): Policy {
    return this.compiled.policy;
  }

  /** Never throws, whatever it is given; what it cannot judge is not allowed. */
  checkAction(action: string, context?: ActionContext): PolicyDecision {
    const { compiled } = this;
    try {
      return decide(compiled, action, context, this.postgres);
    } catch {
      // A getter that throws, a proxy, a fault of the analysis: the answer is no, not an exception.
      return refuse(compiled, 'internal_error', 'The action could not be analysed.');
    }
  }

  /** `checkAction('execute_code', { command })`. */
  checkCodeExecution(command: string): PolicyDecision {
    return this.checkAction('execute_code', { command });
  }

  /** The decision, and everything that was considered for it. Never throws. */
  explain(action: string, context?: ActionContext): Explanation {
    const { compiled } = this;
    return explainDecision(compiled, action, this.checkAction(action, context));
  }

  /** Ends the watching of files; the policy in force stays. */
  close(): void {
    this.stopWatching?.();
    this.stopWatching = undefined;
  }
}
