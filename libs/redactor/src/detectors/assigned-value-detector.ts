import { isBlank } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isTokenStart } from '../rules/shape.ts';
import { isQuote } from './reading.ts';

/** Finds `NAME=value` and `"NAME": "value"` for one name and one known value, also a short one. */
export class AssignedValueDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window: number;
  readonly masks = 'after';
  readonly asksInside = 'any';
  private readonly value: string;

  constructor(name: string, value: string) {
    this.triggers = [{ literal: name, caseSensitive: true }];
    this.value = value;
    this.window = value.length + 64;
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    if (!isTokenStart(view, start)) return undefined;
    let at = end;
    if (isQuote(view.at(at))) at++;
    while (at - end < 16 && isBlank(view.at(at))) at++;
    if (view.at(at) !== 61 && view.at(at) !== 58) return undefined;
    at++;
    while (at - end < 32 && isBlank(view.at(at))) at++;
    if (isQuote(view.at(at))) at++;
    if (!view.has(this.value, at)) return undefined;
    return {
      kind: 'env_var',
      rule: 'env-assignment',
      start: at,
      end: at + this.value.length,
      score: 1,
    };
  }
}
