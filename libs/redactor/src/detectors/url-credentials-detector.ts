import { CLASS_BITS, CodeSet, inClass } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { holdsMask, isPlaceholder } from './placeholders.ts';

const LONGEST_USERINFO = 1024;

/**
 * Credentials in the user information of a URL (RFC 3986, section 3.2.1): the password of
 * `scheme://user:password@host`, and a user name that is itself a token (`https://<token>@host`).
 */
export class UrlCredentialsDetector implements Detector {
  readonly triggers = [{ literal: '://', caseSensitive: true }];
  readonly window = LONGEST_USERINFO;
  readonly masks = 'after';
  readonly asksInside = 'doubtful';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    if (!inClass(view.before(start - 1), CLASS_BITS.a)) return undefined;
    let colon = -1;
    let sign = -1;
    let at = end;
    for (; ; at++) {
      const code = view.at(at);
      if (code === 91 && view.has('[REDACTED:', at)) {
        while (view.at(at) !== 93 && at - end < LONGEST_USERINFO && view.at(at) > 32) at++;
      } else if (code === 64) sign = at;
      else if (code === 58 && colon < 0) colon = at;
      else if (code === 36 && view.at(at + 1) === 123) {
        while (view.at(at) !== 125 && at - end < LONGEST_USERINFO && view.at(at) > 32) at++;
      } else if (code <= 32 || ENDS.has(code)) break;
    }
    // `image:tag@sha256:…` names a digest, not a host.
    if (sign < 0 || view.has('sha256:', sign + 1)) return undefined;
    if (holdsMask(view.slice(end, sign))) return undefined;
    const found = { kind: 'url_credentials', rule: 'url-userinfo', end: sign };
    if (colon >= 0 && colon < sign) {
      const password = view.slice(colon + 1, sign);
      // A few letters are those of documentation: `https://a:b@host`.
      if (password.length < 3 || /^[a-z]{3}$/i.test(password) || isPlaceholder(password))
        return undefined;
      return { ...found, start: colon + 1, score: 0.92, isLearnt: isLearnable(password) };
    }
    const user = view.slice(end, sign);
    if (user.length < 16 || !/\d/.test(user) || !/[A-Za-z]/.test(user) || !/^[\w~.%-]+$/.test(user))
      return undefined;
    // The key in a DSN of Sentry is public: browsers send it.
    if (isPlaceholder(user) || isSentryHost(view, sign + 1)) return undefined;
    return { ...found, start: end, score: 0.7 };
  }
}

/** What ends the authority, or cannot stand in it unescaped. */
const ENDS = new CodeSet('/?#"\'`<>\\ ');

function isSentryHost(view: TextView, from: number): boolean {
  let end = from;
  while (end - from < 80 && inClass(view.at(end), CLASS_BITS.t)) end++;
  return /(?:^|\.)sentry\.io$/.test(view.slice(from, end));
}
