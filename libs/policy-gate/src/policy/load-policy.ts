import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Document } from 'yaml';
import { LineCounter, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { z } from 'zod';

import { ACTIONS } from '../actions.ts';
import type { Action } from '../actions.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyIssue } from './policy-error.ts';
import { policySchema } from './policy-schema.ts';
import type { Policy } from './policy-schema.ts';

/** What an action needs when the policy does not say. */
export interface ActionRequirement {
  enabled: boolean;
  approval: boolean;
}

const DEFAULT_ACTIONS: Readonly<Record<Action, ActionRequirement>> = {
  execute_code: { enabled: true, approval: false },
  deploy: { enabled: false, approval: true },
  create_billing: { enabled: false, approval: true },
  delete_files: { enabled: true, approval: true },
  network_access: { enabled: true, approval: false },
  write_files: { enabled: true, approval: false },
  read_files: { enabled: true, approval: false },
  query_database: { enabled: true, approval: false },
  call_tool: { enabled: true, approval: false },
};

/** The switches of every action, the policy's over the defaults. */
export function resolveActions(policy: Policy): ReadonlyMap<string, ActionRequirement> {
  return new Map(
    ACTIONS.map((action) => {
      const given = policy.actions[action];
      const base = DEFAULT_ACTIONS[action];
      return [
        action,
        { enabled: given?.enabled ?? base.enabled, approval: given?.approval ?? base.approval },
      ] as const;
    }),
  );
}

/** Checks a policy given as a value; throws {@link PolicyError}. */
export function parsePolicy(value: unknown): Policy {
  const result = policySchema.safeParse(value);
  if (!result.success) {
    throw new PolicyError(result.error.issues.flatMap((issue) => toIssues(issue, undefined)));
  }
  checkUniqueIds(result.data);
  return result.data;
}

/** Reads a policy from YAML or JSON text; issues carry line and column. */
export function parsePolicyText(source: string): Policy {
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    uniqueKeys: true,
    strict: true,
  });
  if (document.errors.length > 0) {
    throw new PolicyError(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          path: '',
          message: error.message.split('\n')[0] ?? 'is no YAML',
          line,
          column: col,
        };
      }),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 });
  } catch {
    throw new PolicyError([
      { path: '', message: 'repeats itself too often through aliases', line: 1, column: 1 },
    ]);
  }
  if (value === null || value === undefined) {
    throw new PolicyError([{ path: '', message: 'is empty', line: 1, column: 1 }]);
  }
  const result = policySchema.safeParse(value);
  if (!result.success) {
    throw new PolicyError(
      result.error.issues.flatMap((issue) => toIssues(issue, { document, lines })),
    );
  }
  checkUniqueIds(result.data);
  return result.data;
}

/**
 * Loads a policy from a file, or from the text itself. A text is recognised by a line break or a
 * `{`; anything else is a path.
 */
export function readPolicy(pathOrText: string): Policy {
  if (/[\n{]/.test(pathOrText) || /^\w+:\s/.test(pathOrText)) return parsePolicyText(pathOrText);
  let source: string;
  try {
    source = readFileSync(pathOrText, 'utf8');
  } catch (error) {
    const cause = error instanceof Error ? error.message : 'unknown cause';
    throw new PolicyError([{ path: '', message: `cannot be read from ${pathOrText}: ${cause}` }]);
  }
  return parsePolicyText(source);
}

/** `<semver>+<content hash>`: two policies with the same meaning have the same version. */
export function policyVersion(policy: Policy): string {
  const hash = createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 12);
  return `${policy.version}+${hash}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

function toIssues(
  issue: z.core.$ZodIssue,
  text: { document: Document.Parsed; lines: LineCounter } | undefined,
): PolicyIssue[] {
  const path = issue.path.filter((piece): piece is string | number => typeof piece !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      message: 'is not a known field',
      ...locateKey(path, key, text),
    }));
  }
  return [{ path: path.join('.'), message: issue.message, ...locate(path, text) }];
}

/** The key itself: an unknown field's value may begin on another line. */
function locateKey(
  parent: readonly (string | number)[],
  key: string,
  text: { document: Document.Parsed; lines: LineCounter } | undefined,
): { line?: number; column?: number } {
  if (text === undefined) return {};
  const { document, lines } = text;
  const map: unknown = parent.length === 0 ? document.contents : document.getIn(parent, true);
  const pair = isMap(map)
    ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  if (!isScalar(pair?.key) || pair.key.range === undefined || pair.key.range === null) {
    return locate(parent, text);
  }
  const { line, col } = lines.linePos(pair.key.range[0]);
  return { line, column: col };
}

function locate(
  path: readonly (string | number)[],
  text: { document: Document.Parsed; lines: LineCounter } | undefined,
): { line?: number; column?: number } {
  if (text === undefined) return {};
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown =
      length === 0 ? text.document.contents : text.document.getIn(path.slice(0, length), true);
    if (!isNode(node) || node.range === undefined || node.range === null) continue;
    const { line, col } = text.lines.linePos(node.range[0]);
    return { line, column: col };
  }
  return { line: 1, column: 1 };
}

function checkUniqueIds(policy: Policy): void {
  const seen = new Set<string>();
  for (const [index, { id }] of policy.rules.entries()) {
    if (seen.has(id)) {
      throw new PolicyError([{ path: `rules.${index}.id`, message: `"${id}" is used twice` }]);
    }
    seen.add(id);
  }
}
