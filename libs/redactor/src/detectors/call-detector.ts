import { isBlank, isLineBreak } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { holdsMask, isPlaceholder } from './placeholders.ts';
import { skipBlanks } from './reading.ts';

const WINDOW = 512;
/** Units of an argument that is not quoted. */
const LONGEST_ARGUMENT = 64;

/** Calls that take a password or a key, and which of their arguments that is. */
const CALLS: ReadonlyMap<string, number> = new Map([
  ['NetworkCredential(', 1],
  ['HTTPBasicAuth(', 1],
  ['HTTPDigestAuth(', 1],
  ['PasswordCredentials(', 1],
  ['PasswordAuthentication(', 1],
  ['BasicCredentials(', 1],
  ['BasicAuthCredentials(', 1],
  ['->credentials(', 3],
  ['SetBasicAuth(', 1],
  ['setBasicAuth(', 1],
  ['basic_auth(', 1],
  ['auth=(', 1],
  ['auth = (', 1],
  ['getConnection(', 2],
  ['mysqli_connect(', 2],
  ['new mysqli(', 2],
  ['new PDO(', 2],
  ['PDO->__construct(', 2],
  ['DBI->connect(', 2],
  ['mysql_connect(', 2],
  ['WiFi.begin(', 1],
  ['client.connect(', 2],
  ['algoliasearch(', 1],
  ['apiConnect(', 1],
  [':auth(', 0],
  ['SymmetricSecurityKey(Encoding.UTF8.GetBytes(', 0],
  ['jwt.sign(', 1],
  ['jwt.verify(', 1],
  ['jwt.encode(', 1],
  ['jwt.decode(', 1],
  ['createHmac(', 1],
  ['createCipheriv(', 1],
  ['hmac.new(', 0],
  ['AES.new(', 0],
  ['Fernet(', 0],
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
      // Bytes of Python: b'…'.
      if (view.at(at) === 98 && (view.at(at + 1) === 34 || view.at(at + 1) === 39)) at++;
      if (view.has('Some(', at)) at += 5;
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
        if (
          !isQuoted ||
          view.at(at) !== quote ||
          value.length < 3 ||
          isPlaceholder(value) ||
          holdsMask(value)
        )
          return undefined;
        return {
          kind: 'password',
          rule: 'call',
          start: from,
          end: at,
          score: 0.8,
          isLearnt: isLearnable(value),
        };
      }
      if (isQuoted) at++;
      at = skipBlanks(view, at);
      if (view.at(at) !== 44) return undefined;
      at++;
    }
  }
}
