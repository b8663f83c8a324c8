import { CLASS_BITS, CodeSet, inClass } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { percentTextBehind } from './escaped-text.ts';
import { isLearnable } from './learnable.ts';
import { holdsMask, isPlaceholder } from './placeholders.ts';
import { isMadeUp } from './value-score.ts';

const LONGEST_USERINFO = 1024;

/**
 * Credentials in the user information of a URL (RFC 3986, section 3.2.1): the password of
 * `scheme://user:password@host`, and a user name that is itself a token (`https://<token>@host`).
 */
export class UrlCredentialsDetector implements Detector {
  readonly triggers = ['://', ':\\/\\/'].map((literal) => ({ literal, caseSensitive: true }));
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
      } else if (code === 92 && view.at(at + 1) === 117) {
        // `\u0026` in a string.
        at += 5;
      } else if (code === 64) sign = at;
      else if (code === 58 && colon < 0) colon = at;
      else if (code === 36 && view.at(at + 1) === 123) {
        while (view.at(at) !== 125 && at - end < LONGEST_USERINFO && view.at(at) > 32) at++;
      } else if (code <= 32 || ENDS.has(code)) {
        // A password that should have been escaped: `user:pa#ss/word@host`.
        if (sign >= 0 && colon < 0) break;
        const mayGoOn =
          colon > end && PASSWORD_MARKS.has(code) && !/[.@]/.test(view.slice(end, colon));
        const host = mayGoOn ? findSign(view, colon, at) : -1;
        if (host < 0) break;
        at = host - 1;
      }
    }
    // `image:tag@sha256:…` names a digest, not a host.
    if (sign < 0 || view.has('sha256:', sign + 1)) return undefined;
    // `postgresql://[user[:password]@]host` of a manual.
    if (view.at(end) === 91 || holdsMask(view.slice(end, sign))) return undefined;
    const found = { kind: 'url_credentials', rule: 'url-userinfo', end: sign };
    if (colon >= 0 && colon < sign) {
      const password = view.slice(colon + 1, sign);
      // A few letters are those of documentation: `https://a:b@host`.
      if (password.length < 3 || /^[a-z]{3}$/i.test(password) || isPlaceholder(password))
        return undefined;
      return { ...found, start: colon + 1, score: 0.92, isLearnt: isLearnable(password) };
    }
    const user = view.slice(end, sign);
    if (
      user.length < 16 ||
      !/\d/.test(user) ||
      !/[A-Za-z]/.test(user) ||
      !/^[\w~.%=-]+$/.test(user)
    )
      return undefined;
    // The key in a DSN of Sentry is public: browsers send it.
    if (isPlaceholder(user) || isSentryHost(view, sign + 1)) return undefined;
    return { ...found, start: end, score: 0.7 };
  }
}

/** Marks that end the authority, and yet stand in passwords. */
const PASSWORD_MARKS = new CodeSet('/?#');
/** Units of the rest of such a password. */
const LONGEST_REST = 1024;

/** The `@` behind marks in a password, with a host and its end behind it; -1 where what precedes is a port and a path. */
function findSign(view: TextView, colon: number, from: number): number {
  if (from === colon + 1 || isPort(view, colon + 1, from)) return -1;
  for (let at = from; at - from < LONGEST_REST; at++) {
    const code = view.at(at);
    if (code <= 32 || (ENDS.has(code) && !PASSWORD_MARKS.has(code))) return -1;
    if (code !== 64) continue;
    let end = at + 1;
    while (end - at < LONGEST_HOST && inClass(view.at(end), CLASS_BITS.t)) end++;
    const next = view.at(end);
    const isHost = end > at + 1 && (next <= 32 || next === 58 || ENDS.has(next));
    return isHost && isMadeUp(view.slice(colon + 1, at)) ? at : -1;
  }
  return -1;
}

const LONGEST_HOST = 80;

function isPort(view: TextView, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!inClass(view.at(at), CLASS_BITS.d)) return false;
  return true;
}

/** What ends the authority, or cannot stand in it unescaped. */
const ENDS = new CodeSet('/?#"\'`<>\\ ');

function isSentryHost(view: TextView, from: number): boolean {
  let end = from;
  while (end - from < LONGEST_HOST && inClass(view.at(end), CLASS_BITS.t)) end++;
  return /(?:^|\.)sentry\.io$/.test(view.slice(from, end));
}

/** The same in a URL that is a parameter of another one: `dsn=postgres%3A%2F%2Fuser%3Apassword%40host`. */
export class EncodedUrlCredentialsDetector implements Detector {
  readonly triggers = [{ literal: '%3A%2F%2F', caseSensitive: false }];
  readonly window = LONGEST_USERINFO;
  readonly masks = 'after';
  readonly asksInside = 'doubtful';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    const text = percentTextBehind(view, end);
    let colon = -1;
    let at = 0;
    for (; at < LONGEST_HOST * 2; at++) {
      const code = text.at(at);
      if (code === 58 && colon < 0) colon = at;
      if (code === 64 || code <= 32 || ENDS.has(code)) break;
    }
    if (text.at(at) !== 64 || colon < 1) return undefined;
    const password = text.slice(colon + 1, at);
    if (password.length < 4 || isPlaceholder(password) || holdsMask(password)) return undefined;
    return {
      kind: 'url_credentials',
      rule: 'url-userinfo-encoded',
      start: text.placeOf(colon + 1),
      end: text.placeOf(at),
      score: 0.9,
    };
  }
}
