import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { holdsMask } from './placeholders.ts';
import { lineBefore } from './reading.ts';
import { isIdentifier, isMadeUp } from './value-score.ts';
import { readToken } from './value-site.ts';

/** The user before the slash, and what says that this is a login. */
const LOGIN =
  /(?:^|[^a-z])(?:log(?:ged)?[ -]?in|sign[ -]?in|credentials?|creds|account|zugang\w*|anmeld\w*|connexion|acc\u00e8s|acceso|accesso)(?:[^a-z][^/]*)?[\s:(][\w.@-]+$/i;

/** `log in with admin / X`, `credentials: admin / X`. */
export class LoginPairDetector implements Detector {
  readonly triggers = [{ literal: ' / ', caseSensitive: true }];
  readonly window = 128;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    if (!LOGIN.test(lineBefore(view, start))) return undefined;
    const { start: from, end: until } = readToken(view, end);
    const value = view.slice(from, until);
    if (!isMadeUp(value) || isIdentifier(value) || holdsMask(value)) return undefined;
    return {
      kind: 'password',
      rule: 'login-pair',
      start: from,
      end: until,
      score: 0.75,
      isLearnt: isLearnable(value),
    };
  }
}
