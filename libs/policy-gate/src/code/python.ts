import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';

import type { Language } from './machine.ts';
import { PYTHON_CALLS } from './python-calls.ts';
import { evaluate } from './python-expressions.ts';
import { run } from './python-statements.ts';
import { parseBounded } from './tree.ts';

export const PYTHON: Language = {
  calls: PYTHON_CALLS,
  interpreter: 'python',
  run,
  evaluate,
  canonical(path) {
    const plain = path.replace(/^(?:builtins|__builtins__|__builtin__)\./, '');
    // A module found through what holds modules is that module.
    const found = plain.replace(/^(?:globals\.|globals\(\)\.|sys\.modules\.)/, '');
    return found
      .replace('.__dict__.', '.')
      .replace(/^posix\.(system|popen|remove|unlink)/, 'os.$1')
      .replace(/^Path(?=$|\.)/, 'pathlib.Path')
      .replace(/\.request\.session\(/, '.session(');
  },
};

export function parsePython(source: string): SyntaxNode | undefined {
  return parseBounded(parser, source);
}
