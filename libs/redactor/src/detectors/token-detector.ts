import { inClass } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { matchShape, parseShape } from '../rules/shape.ts';
import type { Shape } from '../rules/shape.ts';
import { TOKEN_CHECKS } from '../rules/token-check.ts';
import type { TokenRule } from '../rules/token-rule.ts';
import { isIllustration } from './placeholders.ts';

const DEFAULT_SCORE = 0.95;

/** Units of a token that are looked at; a longer one is masked to its end all the same. */
const TOKEN_WINDOW = 4096;

/** Makes the detectors of a rule: one for each shape. */
export function tokenDetectors(rule: TokenRule): Detector[] {
  return rule.shapes.map((source) => new TokenDetector(rule, parseShape(source)));
}

class TokenDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = TOKEN_WINDOW;
  readonly masks: Detector['masks'];
  readonly asksInside = 'doubtful';
  private readonly rule: TokenRule;
  private readonly shape: Shape;

  constructor(rule: TokenRule, shape: Shape) {
    this.rule = rule;
    this.shape = shape;
    this.triggers = [{ literal: shape.trigger, caseSensitive: true }];
    this.masks = shape.visible >= 0 ? 'after' : shape.before.length > 0 ? 'before' : 'at';
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const { rule, shape } = this;
    const match = matchShape(shape, view, start, end, rule.joined ?? false);
    if (match === undefined) return undefined;
    const { openBits } = match;
    const base = { kind: rule.kind, rule: rule.rule, start: match.start, end: match.end };
    const score = rule.score ?? DEFAULT_SCORE;
    if (openBits !== 0) return { ...base, score, goesOn: (code) => inClass(code, openBits) };
    const token = view.slice(match.start, match.end);
    if (isIllustration(token, shape.least)) return undefined;
    if (rule.check !== undefined && !TOKEN_CHECKS[rule.check](token)) return undefined;
    return { ...base, score };
  }
}
