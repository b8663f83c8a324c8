import type { CompiledPolicy } from '../policy/compile-policy.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { compileRule, valuesOf } from '../policy/compile-rules.ts';
import { parsePolicy, resolvePolicy } from '../policy/load-policy.ts';
import { PolicyError } from '../policy/policy-error.ts';
import type { Policy, WrittenPolicy } from '../policy/policy-schema.ts';
import type { PolicySource } from '../policy/policy-source.ts';
import { readSource } from '../policy/policy-source.ts';
import { tightenPolicy } from '../policy/tighten-policy.ts';
import { analyseAction } from './analyse-action.ts';
import { ruleApplies } from './apply-rules.ts';
import { readContext } from './read-context.ts';

/** Reads, layers and compiles; every issue of a {@link PolicyError} carries line and column. */
export function loadPolicy(base: string, workspace: string | undefined): CompiledPolicy {
  const source = readSource(base);
  const policy = located(source, () => resolvePolicy(parsePolicy(source.value, source)));
  const compiled = located(source, () => preparePolicy(policy));
  if (workspace === undefined) return compiled;
  const inner = readSource(workspace);
  const written = located(inner, () => parsePolicy(inner.value, inner));
  return located(inner, () => compileLayer(policy, written));
}

/** Compiles a policy and runs the examples of its rules through it. */
export function preparePolicy(policy: Policy): CompiledPolicy {
  const compiled = compilePolicy(policy);
  checkExamples(compiled);
  return compiled;
}

/** Rules of the workspace stand behind the base's: their issues are told by their own numbers. */
function compileLayer(policy: Policy, written: WrittenPolicy): CompiledPolicy {
  const merged = tightenPolicy(policy, written);
  const before = policy.rules.length;
  try {
    return preparePolicy(merged);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(
      error.issues.map((issue) => ({
        ...issue,
        path: issue.path.replace(
          /^rules\.(\d+)/,
          (_all, index: string) => `rules.${String(Number(index) - before)}`,
        ),
      })),
    );
  }
}

function located<T>(source: PolicySource, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof PolicyError) throw new PolicyError(source.locateAll(error.issues));
    throw error;
  }
}

/** A rule's own examples run through the whole analysis: a rule that never fires is refused. */
function checkExamples(compiled: CompiledPolicy): void {
  const { allowlist, allow_private: allowPrivate } = compiled.policy.network;
  for (const [index, rule] of compiled.policy.rules.entries()) {
    const test = compileRule(rule);
    const action = valuesOf(rule.action)[0] ?? 'execute_code';
    const applies = (example: unknown): boolean => {
      const read = readContext(typeof example === 'string' ? { command: example } : example);
      if (!read.ok) return false;
      const network = { allowlists: [allowlist], allowPrivate };
      return ruleApplies(test, read.context, analyseAction(action, read.context, network));
    };
    for (const kind of ['match', 'pass'] as const) {
      for (const [position, example] of rule.examples[kind].entries()) {
        if (applies(example) === (kind === 'match')) continue;
        const path = `rules.${index}.examples.${kind}.${position}`;
        const verb = kind === 'match' ? 'does not apply' : 'applies';
        throw new PolicyError([{ path, message: `the rule ${verb} to this example` }]);
      }
    }
  }
}
