import type { Effect, EffectKind, TargetClass } from '../effects/effect.ts';
import { natureOf } from '../knowledge/read-only.ts';
import type { PolicyMode } from '../policy/policy-schema.ts';
import type { EvaluatedCall } from '../shell/effect-log.ts';

const READING: ReadonlySet<EffectKind> = new Set(['read', 'credential_read', 'network']);
const EDITING: ReadonlySet<EffectKind> = new Set(['write', 'delete', 'permission']);
const OWN: ReadonlySet<TargetClass> = new Set(['workspace', 'workspace_root', 'artefact', 'tmp']);

const MESSAGES: Readonly<Record<Exclude<PolicyMode, 'full'>, string>> = {
  edit: 'does more than read and change files of the workspace',
  plan: 'does more than read',
  listed: 'is not allowed by name in the policy',
};

/** What the mode has to ask about: everything an allow rule does not name and the mode does not hold. */
export function modeEffects(
  mode: PolicyMode,
  effects: readonly Effect[],
  calls: readonly EvaluatedCall[],
  isListed: (subject: Effect | EvaluatedCall) => boolean,
): Effect[] {
  if (mode === 'full') return [];
  const asked: Effect[] = [];
  const ask = (target: string, span: Effect['span']): void => {
    const effect: Effect = {
      kind: 'exec',
      operation: 'mode',
      target,
      irreversible: false,
      rule_id: `mode.${mode}`,
      verdict: 'approve',
      message: MESSAGES[mode],
    };
    asked.push(span === undefined ? effect : { ...effect, span });
  };
  for (const call of calls) {
    const nature = natureOf(call);
    if (nature === 'runs-another' || isListed(call)) continue;
    if (nature === 'reads' && mode !== 'listed') continue;
    if (nature === 'edits' && mode === 'edit') continue;
    ask(call.name, call.span);
  }
  for (const effect of effects) {
    if (isListed(effect) || holds(mode, effect)) continue;
    ask(effect.target ?? effect.kind, effect.span);
  }
  if (mode === 'listed' && effects.length === 0 && calls.length === 0) ask('action', undefined);
  return asked;
}

function holds(
  mode: PolicyMode,
  { kind, target_class: targetClass, rule_id: id }: Effect,
): boolean {
  if (mode === 'listed') return false;
  if (READING.has(kind)) return id !== 'network.delete-request' && id !== 'network.delete-all';
  return mode === 'edit' && EDITING.has(kind) && targetClass !== undefined && OWN.has(targetClass);
}
