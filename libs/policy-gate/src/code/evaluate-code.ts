import type { Span } from '../effects/effect.ts';
import type { Shell } from '../shell/shell.ts';
import type { ShellState } from '../shell/state.ts';
import { findCodeLimit } from './code-limits.ts';
import { evaluateScripting } from './evaluate-scripting.ts';
import { JAVASCRIPT, parseJavaScript } from './javascript.ts';
import { Machine } from './machine.ts';
import { PYTHON, parsePython } from './python.ts';
import type { ScriptingLanguage } from './scripting-knowledge.ts';
import { hasError } from './tree.ts';

export type CodeLanguage = 'python' | 'javascript' | ScriptingLanguage;

/** Where a program stands: its own text was checked, or a command that carries it. */
export interface CodePlace {
  span: Span;
  /** Whether positions in the program are positions in the checked text. */
  own: boolean;
}

/** Judges a program. Python and JavaScript are evaluated; the rest is read by its calls. */
export function evaluateCode(
  source: string,
  language: CodeLanguage,
  shell: Shell,
  state: ShellState,
  place: CodePlace,
): void {
  const limit = findCodeLimit(source);
  if (limit !== undefined) {
    shell.limit(limit, place.span);
    return;
  }
  if (language !== 'python' && language !== 'javascript') {
    evaluateScripting(source, language, shell, state, place.span);
    return;
  }
  const top = language === 'python' ? parsePython(source) : parseJavaScript(source);
  if (top === undefined) {
    shell.limit('code_size', place.span);
    return;
  }
  if (hasError(top)) shell.limits.add('code');
  const machine = new Machine({
    source,
    language: language === 'python' ? PYTHON : JAVASCRIPT,
    shell,
    state,
    span: place.span,
    ownPositions: place.own,
    evaluateNested: (nested) => {
      evaluateCode(nested, language, shell, state, { span: place.span, own: false });
    },
  });
  machine.runProgram(top);
}
