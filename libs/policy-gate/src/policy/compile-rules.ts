import type { CheckedContext } from '../decision/read-context.ts';
import type { Effect } from '../effects/effect.ts';
import type { EvaluatedCall } from '../shell/effect-log.ts';
import { display } from '../shell/value.ts';
import type { Conditions, PolicyRule } from './policy-schema.ts';
import { wildcard } from './wildcard.ts';

/** What a rule is asked about: an effect, a command, or (neither given) the action alone. */
export interface Subject {
  effect?: Effect | undefined;
  call?: EvaluatedCall | undefined;
}

type Test = (subject: Subject, context: CheckedContext) => boolean;

/** What a rule needs to see before it can apply. */
export type RuleScope = 'effect' | 'command' | 'action';

export interface CompiledRule {
  rule: PolicyRule;
  scope: RuleScope;
  test: Test;
}

type Read = (subject: Subject, context: CheckedContext) => string | undefined;

/** Where each condition on a text finds its value. */
const TEXT_CONDITIONS: Readonly<
  Record<Exclude<keyof Conditions, 'irreversible' | 'role' | 'command'>, Read>
> = {
  kind: ({ effect }) => effect?.kind,
  operation: ({ effect }) => effect?.operation,
  target_class: ({ effect }) => effect?.target_class,
  target: ({ effect }) => effect?.target,
  rule_id: ({ effect }) => effect?.rule_id,
  environment: (_subject, context) => context.environment,
  tool: (_subject, context) => context.tool,
  method: (_subject, context) => context.method,
  language: (_subject, context) => context.language,
  dialect: (_subject, context) => context.dialect,
  user: (_subject, context) => context.principal.user_id,
  tenant: (_subject, context) => context.principal.tenant_id,
  agent: (_subject, context) => context.agent.name,
  agent_tier: (_subject, context) => context.agent.tier,
};

export const EFFECT_CONDITIONS = [
  'kind',
  'operation',
  'target_class',
  'target',
  'rule_id',
  'irreversible',
] as const satisfies readonly (keyof Conditions)[];

/** Conditions on the context by which rules are looked up. */
export const INDEXED_CONDITIONS = [
  'tool',
  'environment',
  'user',
  'tenant',
  'agent',
  'method',
] as const;

/** The values of one condition. */
export function valuesOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

export function scopeOf(when: Conditions): RuleScope {
  if (EFFECT_CONDITIONS.some((name) => when[name] !== undefined)) return 'effect';
  return when.command === undefined ? 'action' : 'command';
}

/** The value of an indexed condition in a context. */
export function factOf(
  name: (typeof INDEXED_CONDITIONS)[number],
  context: CheckedContext,
): string | undefined {
  return TEXT_CONDITIONS[name]({}, context);
}

export function compileRule(rule: PolicyRule): CompiledRule {
  const { when } = rule;
  const tests: Test[] = [];
  for (const [name, read] of Object.entries(TEXT_CONDITIONS) as [
    keyof typeof TEXT_CONDITIONS,
    Read,
  ][]) {
    const given = when[name];
    if (given === undefined) continue;
    const matches = anyOf(valuesOf<string>(given));
    tests.push((subject, context) => {
      const value = read(subject, context);
      return value !== undefined && matches(value);
    });
  }
  const { irreversible, role, command } = when;
  if (irreversible !== undefined) {
    tests.push(({ effect }) => effect?.irreversible === irreversible);
  }
  if (role !== undefined) {
    const matches = anyOf(valuesOf(role));
    tests.push((_subject, { principal }) => principal.roles?.some(matches) === true);
  }
  if (command !== undefined) {
    const matches = anyOf(valuesOf(command));
    tests.push(({ call }) => call !== undefined && matches(commandLine(call)));
  }
  const [first, second, ...more] = tests;
  let test: Test = first ?? (() => true);
  if (first !== undefined && second !== undefined) {
    test = (subject, context) =>
      first(subject, context) &&
      second(subject, context) &&
      more.every((next) => next(subject, context));
  }
  return { rule, scope: scopeOf(when), test };
}

function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const matchers = patterns.map(wildcard);
  const [only] = matchers;
  if (matchers.length === 1 && only !== undefined) return only;
  return (text) => matchers.some((matches) => matches(text));
}

/** The words of a command, one space between them; what is not known reads `<unknown>`. */
export function commandLine({ name, args }: EvaluatedCall): string {
  return display([name, ...args.map((arg) => arg.text)].join(' '));
}
