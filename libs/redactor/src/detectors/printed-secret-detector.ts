import { isLineBreak, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { isOpaque } from './value-score.ts';

/** Commands and calls that make a secret and print it. */
const GENERATORS = [
  'openssl rand',
  'wg genkey',
  'wg genpsk',
  'pwgen ',
  'secrets.token_',
  'randomBytes(',
  '/dev/urandom',
  'gpg --gen-random',
  'rails secret',
  'key:generate --show',
];
const LONGEST_COMMAND = 160;
const LONGEST_SECRET = 128;

/** The secret that a command has made, alone on the line below it. */
export class PrintedSecretDetector implements Detector {
  readonly triggers = GENERATORS.map((literal) => ({ literal, caseSensitive: true }));
  readonly window = LONGEST_COMMAND + LONGEST_SECRET;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    let at = end;
    while (at - end < LONGEST_COMMAND && view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
    if (!isLineBreak(view.at(at))) return undefined;
    at += view.at(at) === 13 && view.at(at + 1) === 10 ? 2 : 1;
    const start = at;
    while (at - start < LONGEST_SECRET && view.at(at) > 32) at++;
    const next = view.at(at);
    const value = view.slice(start, at);
    const isAlone = next < 0 ? view.final : isLineBreak(next) || isSpace(next);
    if (!isAlone || !isOpaque(value)) return undefined;
    return {
      kind: 'secret',
      rule: 'printed-secret',
      start,
      end: at,
      score: 0.75,
      isLearnt: isLearnable(value),
    };
  }
}
