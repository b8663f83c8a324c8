import { isBlank, isLineBreak } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isPlaceholder } from './placeholders.ts';

const WINDOW = 512;
/** Units of an argument that is not quoted. */
const LONGEST_ARGUMENT = 64;

/** Calls that take a user and a password, and which of their arguments is the password. */
const CALLS: ReadonlyMap<string, number> = new Map([
  ['NetworkCredential(', 1],
  ['HTTPBasicAuth(', 1],
  ['HTTPDigestAuth(', 1],
  ['PasswordCredentials(', 1],
  ['PasswordAuthentication(', 1],
  ['BasicCredentials(', 1],
  ['SetBasicAuth(', 1],
  ['setBasicAuth(', 1],
  ['basic_auth(', 1],
  ['auth=(', 1],
  ['auth = (', 1],
  ['getConnection(', 2],
]);

/** `new NetworkCredential("joe", "secret")`, `requests.get(url, auth=('joe', 'secret'))`. */
export class CallDetector implements Detector {
  readonly triggers = [...CALLS.keys()].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const wanted = CALLS.get(view.slice(start, end)) ?? 0;
    let at = end;
    for (let argument = 0; ; argument++) {
      while (isBlank(view.at(at)) || isLineBreak(view.at(at))) at++;
      const quote = view.at(at);
      const isQuoted = quote === 34 || quote === 39;
      const from = isQuoted ? at + 1 : at;
      at = from;
      while (
        view.at(at) >= 0 &&
        view.at(at) !== (isQuoted ? quote : 44) &&
        !isLineBreak(view.at(at)) &&
        (isQuoted || at - from < LONGEST_ARGUMENT)
      )
        at++;
      if (argument === wanted) {
        const value = view.slice(from, at);
        if (!isQuoted || view.at(at) !== quote || value.length < 3 || isPlaceholder(value))
          return undefined;
        return { kind: 'password', rule: 'call', start: from, end: at, score: 0.8, isLearnt: true };
      }
      if (isQuoted) at++;
      while (isBlank(view.at(at))) at++;
      if (view.at(at) !== 44) return undefined;
      at++;
    }
  }
}
