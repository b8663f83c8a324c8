import { isLineBreak, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { holdsMask } from './placeholders.ts';
import { isQuote, lineBefore } from './reading.ts';
import { isIdentifier, isMadeUp, isMixedCase, isOpaque } from './value-score.ts';

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
/** Commands that fetch a secret and print it. */
const FETCHERS = [
  'get-login-password',
  'get-authorization-token',
  'secrets versions access',
  ' get secret',
  'terraform output',
  'initial-password',
  'initialAdminPassword',
  'print-access-token',
  'get-access-token',
  'gh auth token',
  'heroku auth:token',
  'op read',
  'op item get',
  'dumpprivkey',
  'master.key',
  '.erlang.cookie',
  '/run/secrets/',
  'vault_pass',
  'vault kv get -field',
  'vault read -field',
  'get-secret-value',
  'get-parameter',
  'find-generic-password',
  'secret-tool lookup',
  'pass show',
  'doppler secrets get',
  'gopass show',
  'bw get password',
  'az keyvault secret show',
  '##[debug]Evaluating: secrets.',
  '334 UGFzc3dvcmQ6',
  'assword:"',
];
const LONGEST_COMMAND = 160;
const LONGEST_SECRET = 4096;

/** Units of what a collector of logs puts before a line. */
const LONGEST_PREFIX = 80;
const PREFIX =
  /^(?:(?:##\[debug\]=>|send(?: --)?|\w{1,8}: >>|[CS]:|>|\[(?!REDACTED:)[^\]\n]{1,30}\]|[\w./-]{1,40} *\||\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-][\d:]{4,6})?)[ \t]+){1,3}/;

/** Behind a time, the name of a container or of a step before a line. */
function skipPrefix(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_PREFIX && view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
  return from + (PREFIX.exec(view.slice(from, at))?.[0].length ?? 0);
}

function isNoWord(value: string): boolean {
  return isMadeUp(value) && /\d|[A-Za-z][!#$%&*+@][A-Za-z]/.test(value);
}

/** The secret that a command has made or fetched, alone on the line below it. */
export class PrintedSecretDetector implements Detector {
  readonly triggers = [...GENERATORS, ...FETCHERS].map((literal) => ({
    literal,
    caseSensitive: true,
  }));
  readonly window = LONGEST_COMMAND + LONGEST_SECRET;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, triggerStart: number, end: number): Candidate | undefined {
    let at = end;
    while (at - end < LONGEST_COMMAND && view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
    if (!isLineBreak(view.at(at))) return undefined;
    if (view.at(triggerStart) === 32 && !/\b(?:kubectl|oc)\b/.test(lineBefore(view, triggerStart)))
      return undefined;
    at = skipPrefix(view, at + (view.at(at) === 13 && view.at(at + 1) === 10 ? 2 : 1));
    const quote = isQuote(view.at(at)) ? view.at(at) : -1;
    const start = quote < 0 ? at : at + 1;
    at = start;
    while (at - start < LONGEST_SECRET && view.at(at) > 32 && view.at(at) !== quote) at++;
    const next = view.at(at);
    const value = view.slice(start, at);
    // A value that fills the window is no word of prose; it is masked on.
    const isLong = at - start === LONGEST_SECRET || at >= view.high;
    const isAlone = next < 0 ? isLong || view.final : isLong || next === quote || isSpace(next);
    const isFetched = FETCHERS.includes(view.slice(triggerStart, end));
    const isSecret =
      isOpaque(value) ||
      (isFetched &&
        !isIdentifier(value) &&
        (isNoWord(value) || isMixedCase(value) || (quote >= 0 && isMadeUp(value)))) ||
      /^(?=.*\d)(?=.*[A-Z])[\w+/=.-]{512,}$/.test(value);
    if (!isAlone || !isSecret || holdsMask(value)) return undefined;
    return {
      ...(isLong && { goesOn: (code: number) => code > 32 && code !== quote }),
      kind: 'secret',
      rule: 'printed-secret',
      start,
      end: at,
      score: 0.75,
      isLearnt: isLearnable(value),
    };
  }
}
