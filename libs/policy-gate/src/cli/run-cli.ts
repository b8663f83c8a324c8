import { parseArgs } from 'node:util';

import { ACTIONS } from '../actions.ts';
import type { ActionContext } from '../actions.ts';
import { PolicyGate } from '../decision/policy-gate.ts';
import { RULE_CATALOGUE } from '../knowledge/rule-catalogue.ts';
import { lintPolicy } from '../policy/lint-policy.ts';
import { PolicyError } from '../policy/policy-error.ts';
import { policyJsonSchema } from '../policy/policy-json-schema.ts';
import { PRESET_NAMES } from '../policy/preset-names.ts';
import type { PresetName } from '../policy/policy-schema.ts';
import { painter, renderDecision, renderExplanation } from './render-explanation.ts';

/** What the command line reads from and writes to. */
export interface CliStreams {
  /** Reads all of standard input; rejects beyond its bound. */
  readInput: () => Promise<string>;
  out: (text: string) => void;
  error: (text: string) => void;
  /** Whether colour is wanted where no option says. */
  colour: boolean;
  version: string;
  /** Where a command would run when no option says. */
  cwd: string;
  home: string;
}

/** Exit codes of `check`; `lint` answers 0 or 1. */
export const EXIT = { allowed: 0, failed: 1, approval: 2, denied: 3 } as const;

/** Thrown for arguments that cannot be used; the message says which. */
class UsageError extends Error {}

const USAGE = `policy-gate <command>

  check '<shell command>' | -     decide about a command (- reads it from standard input)
      --explain                   show what was found, underlined in the command, and every step
      --json                      print the decision (with --explain: the explanation) as JSON
      --policy <file>             a policy in YAML or JSON
      --workspace <file>          a second policy that may only tighten the first
      --preset <name>             ${PRESET_NAMES.join(', ')}; without --policy
      --action <name>             ${ACTIONS.join(', ')}
      --language <name>           the argument is a program in this language
      --sql [--dialect <name>]    the argument is SQL
      --url [--method <name>]     the argument is an address
      --context <JSON>            further fields of the context
      --cwd <dir> --home <dir>    where the command would run; else here, and your home
      --color | --no-color
  lint <policy file>              dead, shadowed and contradictory rules
  rules [--json]                  the built-in knowledge, as a policy may name it
  schema                          the JSON Schema of a policy

Exit codes: 0 allowed, 2 needs approval, 3 denied, 1 wrong usage or policy.
`;

const OPTIONS = {
  explain: { type: 'boolean' },
  json: { type: 'boolean' },
  policy: { type: 'string' },
  workspace: { type: 'string' },
  preset: { type: 'string' },
  action: { type: 'string' },
  language: { type: 'string' },
  sql: { type: 'boolean' },
  dialect: { type: 'string' },
  url: { type: 'boolean' },
  method: { type: 'string' },
  context: { type: 'string' },
  cwd: { type: 'string' },
  home: { type: 'string' },
  color: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
      allowNegative: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'cannot be read');
  }
}

type Values = ReturnType<typeof parse>['values'];

/** Runs one command line; resolves with its exit code and never rejects. */
export async function runCli(argv: readonly string[], streams: CliStreams): Promise<number> {
  try {
    const { values, positionals } = parse(argv);
    const [command, ...operands] = positionals;
    if (values.version === true) {
      streams.out(`${streams.version}\n`);
      return EXIT.allowed;
    }
    if (values.help === true) {
      streams.out(USAGE);
      return EXIT.allowed;
    }
    switch (command) {
      case 'check':
        return await check(operands, values, streams);
      case 'lint':
        return lint(operands, streams);
      case 'rules':
        streams.out(renderRules(values.json === true));
        return EXIT.allowed;
      case 'schema':
        streams.out(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
        return EXIT.allowed;
      default:
        throw new UsageError(
          command === undefined ? 'name a command' : `"${command}" is no command`,
        );
    }
  } catch (error) {
    const usage = error instanceof UsageError ? '; see policy-gate --help' : '';
    const message = error instanceof Error ? error.message : String(error);
    streams.error(`policy-gate: ${message}${usage}\n`);
    return EXIT.failed;
  }
}

async function check(
  operands: readonly string[],
  values: Values,
  streams: CliStreams,
): Promise<number> {
  const [operand, ...more] = operands;
  if (more.length > 0) throw new UsageError('quote the command: check takes one argument');
  if (operand === undefined && values.context === undefined) {
    throw new UsageError('check needs a command, or - to read it from standard input');
  }
  const source = operand === '-' ? await streams.readInput() : operand;
  const context = contextOf(source, values, streams);
  const action = values.action ?? defaultAction(values);
  const gate = openGate(values);
  const explanation = gate.explain(action, context);
  const { decision } = explanation;
  if (values.json === true) {
    const shown = values.explain === true ? explanation : decision;
    streams.out(`${JSON.stringify(shown, null, 2)}\n`);
  } else {
    const paint = painter(values.color ?? streams.colour);
    const text =
      values.explain === true
        ? renderExplanation(explanation, source, paint)
        : renderDecision(decision, paint);
    streams.out(`${text}\n`);
  }
  if (decision.allowed) return EXIT.allowed;
  return decision.requires_approval ? EXIT.approval : EXIT.denied;
}

function defaultAction(values: Values): string {
  if (values.sql === true) return 'query_database';
  return values.url === true ? 'network_access' : 'execute_code';
}

function contextOf(
  source: string | undefined,
  values: Values,
  { cwd, home }: CliStreams,
): ActionContext {
  const kinds = [values.sql, values.url, values.language].filter((kind) => kind !== undefined);
  if (kinds.length > 1) throw new UsageError('--sql, --url and --language exclude each other');
  const context: Record<string, unknown> = { cwd, home, ...givenContext(values.context) };
  if (source !== undefined) {
    const field =
      values.sql === true
        ? 'sql'
        : values.url === true
          ? 'url'
          : values.language === undefined
            ? 'command'
            : 'code';
    context[field] = source;
  }
  for (const name of ['language', 'dialect', 'method', 'cwd', 'home'] as const) {
    if (values[name] !== undefined) context[name] = values[name];
  }
  return context;
}

function givenContext(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('--context is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('--context is no JSON object');
  }
  return value as Record<string, unknown>;
}

function openGate(values: Values): PolicyGate {
  const { policy, workspace, preset } = values;
  if (policy !== undefined) {
    if (preset !== undefined) {
      throw new UsageError('--preset goes without --policy: name the preset in the policy');
    }
    return PolicyGate.load(policy, { workspace });
  }
  if (preset !== undefined && !isPreset(preset)) {
    throw new UsageError(`"${preset}" is no preset; there are ${PRESET_NAMES.join(', ')}`);
  }
  return PolicyGate.load(`preset: ${preset ?? 'standard'}`, { workspace });
}

function isPreset(name: string): name is PresetName {
  return (PRESET_NAMES as readonly string[]).includes(name);
}

function lint(operands: readonly string[], streams: CliStreams): number {
  const [file, ...more] = operands;
  if (file === undefined || more.length > 0) throw new UsageError('lint needs one policy file');
  try {
    PolicyGate.load(file);
    const findings = lintPolicy(file);
    for (const { line, column, kind, rule_id: id, message } of findings) {
      streams.out(`${place(file, line, column)} ${kind} ${id}: ${message}\n`);
    }
    if (findings.length === 0) streams.out(`${file}: nothing found\n`);
    return findings.length === 0 ? EXIT.allowed : EXIT.failed;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    for (const { line, column, path, message } of error.issues) {
      const what = path === '' ? 'policy' : path;
      streams.error(`${place(file, line, column)} invalid ${what}: ${message}\n`);
    }
    return EXIT.failed;
  }
}

function place(file: string, line: number | undefined, column: number | undefined): string {
  return line === undefined ? `${file}:` : `${file}:${String(line)}:${String(column ?? 1)}:`;
}

function renderRules(json: boolean): string {
  if (json) return `${JSON.stringify(RULE_CATALOGUE, null, 2)}\n`;
  const width = Math.max(...RULE_CATALOGUE.map(({ id }) => id.length));
  return RULE_CATALOGUE.map(
    ({ id, verdict, message }) => `${id.padEnd(width)}  ${verdict.padEnd(7)}  ${message}\n`,
  ).join('');
}
