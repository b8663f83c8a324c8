/** Bounds of one check. Beyond any of them the answer is approval, never silence. */
export const LIMITS = Object.freeze({
  /** UTF-16 code units of one text. */
  bytes: 128 * 1024,
  /** Levels of substitution, group, wrapper and eval, together. */
  depth: 48,
  /** Simple commands that are evaluated. */
  statements: 3000,
  /** Rounds of one loop. */
  rounds: 256,
  /** Things one find, xargs or parallel runs a command for. */
  items: 64,
  /** Functions and aliases that call one another. */
  calls: 24,
  effects: 500,
  /** Openings that nest, counted before parsing: the parser's time grows with them. */
  nesting: 64,
  escapedBackticks: 256,
  /** Characters of one program, and brackets open in it at once. */
  code: 64 * 1024,
  codeNesting: 100,
  /** Tokens of one program. */
  codeTokens: 8000,
});

/**
 * What makes a text unfit for parsing at all: too long, too deeply nested, or carrying the control
 * characters that the evaluation uses as markers. A count without regard to quotes: too careful
 * where quoted text is full of brackets, never too generous.
 */
export function findHardLimit(source: string): string | undefined {
  if (source.length > LIMITS.bytes) return 'bytes';
  for (let index = 0; index < source.length; index += 1) {
    if (source.charCodeAt(index) < 3) return 'control_characters';
  }
  return nestsTooDeep(source) ? 'depth' : undefined;
}

export function nestsTooDeep(source: string): boolean {
  let depth = 0;
  let backticks = 0;
  for (let index = 0; index < source.length; index += 1) {
    const code = source.charCodeAt(index);
    if (code === 40 || code === 123) {
      depth += 1;
      if (depth > LIMITS.nesting) return true;
    } else if ((code === 41 || code === 125) && depth > 0) depth -= 1;
    else if (code === 96 && source.charCodeAt(index - 1) === 92) {
      backticks += 1;
      if (backticks > LIMITS.escapedBackticks) return true;
    }
  }
  return false;
}
