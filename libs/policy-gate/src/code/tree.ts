import type { Parser, SyntaxNode } from '@lezer/common';

import { LIMITS } from '../shell/limits.ts';

const COMMENTS = new Set(['Comment', 'LineComment', 'BlockComment', 'Hashbang']);

/** The children of a node, in order, without comments. */
export function children(node: SyntaxNode): SyntaxNode[] {
  const result: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (!COMMENTS.has(child.name)) result.push(child);
  }
  return result;
}

export function childrenOf(node: SyntaxNode, name: string): SyntaxNode[] {
  return children(node).filter((child) => child.name === name);
}

export function firstOf(node: SyntaxNode, name: string): SyntaxNode | undefined {
  return node.getChild(name) ?? undefined;
}

/** Whether any part of the program could not be read. */
export function hasError(top: SyntaxNode): boolean {
  let error = false;
  top.cursor().iterate((node) => {
    error ||= node.type.isError;
    return !error;
  });
  return error;
}

/** The tree of a program; undefined when it has more tokens than are read. */
export function parseBounded(parser: Parser, source: string): SyntaxNode | undefined {
  const parse = parser.startParse(source);
  // One step takes a token further (in every reading that is still possible).
  for (let step = 0; step <= LIMITS.codeTokens; step += 1) {
    const tree = parse.advance();
    if (tree !== null) return tree.topNode;
  }
  return undefined;
}
