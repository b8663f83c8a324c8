import { readFileSync } from 'node:fs';

import type { Document } from 'yaml';
import { LineCounter, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { z } from 'zod';

import { PolicyError } from './policy-error.ts';
import type { PolicyIssue } from './policy-error.ts';

type Path = readonly (string | number)[];

/** The text of a policy, and where in it everything stands. */
export class PolicySource {
  readonly value: unknown;
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;

  /** Throws {@link PolicyError} for what is no YAML (of which JSON is a part). */
  constructor(text: string) {
    this.lines = new LineCounter();
    this.document = parseDocument(text, {
      lineCounter: this.lines,
      uniqueKeys: true,
      strict: true,
    });
    if (this.document.errors.length > 0) {
      throw new PolicyError(
        this.document.errors.map((error) => ({
          path: '',
          message: error.message.split('\n')[0] ?? 'is no YAML',
          ...this.place(error.pos[0]),
        })),
      );
    }
    try {
      this.value = this.document.toJS({ maxAliasCount: 50 });
    } catch {
      throw new PolicyError([
        { path: '', message: 'repeats itself too often through aliases', line: 1, column: 1 },
      ]);
    }
    const { value } = this;
    const empty =
      value === null ||
      value === undefined ||
      (typeof value === 'object' && Object.keys(value).length === 0);
    if (empty) throw new PolicyError([{ path: '', message: 'is empty', line: 1, column: 1 }]);
  }

  /** Gives issues that have no place yet the place of what their path names. */
  locateAll(issues: readonly PolicyIssue[]): PolicyIssue[] {
    return issues.map((issue) =>
      issue.line === undefined ? { ...issue, ...this.locate(issue.path.split('.')) } : issue,
    );
  }

  /** Where the value at `path` stands, or the nearest thing around it. */
  locate(path: Path): { line: number; column: number } {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown =
        length === 0 ? this.document.contents : this.document.getIn(path.slice(0, length), true);
      if (!isNode(node) || node.range === undefined || node.range === null) continue;
      return this.place(node.range[0]);
    }
    return { line: 1, column: 1 };
  }

  /** The key itself: an unknown field's value may begin on another line. */
  locateKey(parent: Path, key: string): { line: number; column: number } {
    const map: unknown =
      parent.length === 0 ? this.document.contents : this.document.getIn(parent, true);
    const pair = isMap(map)
      ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    if (!isScalar(pair?.key) || pair.key.range === undefined || pair.key.range === null) {
      return this.locate(parent);
    }
    return this.place(pair.key.range[0]);
  }

  private place(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line, column: col };
  }
}

/**
 * Reads a policy's text: `pathOrText` itself, or the file it names. A text is recognised by a line
 * break, a `{` or a leading `key: `; anything else is a path.
 */
export function readSource(pathOrText: string): PolicySource {
  return new PolicySource(isPath(pathOrText) ? readPolicyFile(pathOrText) : pathOrText);
}

export function isPath(pathOrText: string): boolean {
  return !/[\n{]/.test(pathOrText) && !/^\w+:\s/.test(pathOrText);
}

function readPolicyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const cause = error instanceof Error ? error.message : 'unknown cause';
    throw new PolicyError([{ path: '', message: `cannot be read from ${path}: ${cause}` }]);
  }
}

/** What zod says, one issue per thing that is wrong, with its place where there is a source. */
export function toIssues(issue: z.core.$ZodIssue, source: PolicySource | undefined): PolicyIssue[] {
  const path = issue.path.filter((piece): piece is string | number => typeof piece !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      message: 'is not a known field',
      ...source?.locateKey(path, key),
    }));
  }
  return [{ path: path.join('.'), message: issue.message, ...source?.locate(path) }];
}
