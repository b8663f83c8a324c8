import { isLineBreak, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { holdsMask, isPlaceholder } from './placeholders.ts';

const WINDOW = 600;

/** `chpasswd:` of cloud-init: a list of lines `user:password`. */
export class AccountListDetector implements Detector {
  readonly triggers = [{ literal: 'chpasswd:', caseSensitive: true }];
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    const found: Candidate[] = [];
    for (let at = end; view.at(at) >= 0;) {
      let lineEnd = at;
      while (view.at(lineEnd) >= 0 && !isLineBreak(view.at(lineEnd))) lineEnd++;
      const line = view.slice(at, lineEnd);
      const pair = /^\s*(?:- )?["']?([\w.-]+):(\S{4,})$/.exec(line);
      const password = pair?.[2]?.replace(/["']$/, '') ?? '';
      const isPassword = !isPlaceholder(password) && !holdsMask(password) && password !== 'RANDOM';
      if (pair !== null && isPassword) {
        const start = at + line.lastIndexOf(password);
        found.push({
          kind: 'password',
          rule: 'account-list',
          start,
          end: start + password.length,
          score: 0.85,
          isLearnt: isLearnable(password),
          ...(lineEnd >= view.high && { goesOn: (code: number) => !isSpace(code) }),
        });
      } else if (at > end && !/^\s*(?:$|list:|users:|expire:|#)/.test(line)) break;
      at = lineEnd + 1;
    }
    const [first, ...others] = found;
    return first && { ...first, others };
  }
}

/** Before the address of a data source of Go: the call that opens it, or a variable's name. */
const OPENERS = ['sql.Open(', 'mysql.Open(', 'dsn', 'DSN', 'connStr'];
const NETWORK = /@(?:tcp|unix|udp|tcp4|tcp6)\(/;

/** `user:password@tcp(host)/db`: a data source without a scheme. */
export class DataSourceDetector implements Detector {
  readonly triggers = OPENERS.map((literal) => ({ literal, caseSensitive: true }));
  readonly window = 200;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    let at = end;
    while (view.at(at) >= 0 && !isLineBreak(view.at(at)) && at - end < this.window) at++;
    const text = view.slice(end, at);
    const network = text.search(NETWORK);
    if (network < 0) return undefined;
    const account = /[^\s"'`=]+$/.exec(text.slice(0, network))?.[0] ?? '';
    const [user = ''] = account.split(':', 1);
    const password = account.slice(user.length + 1);
    if (!/^[\w.-]+$/.test(user) || password.length < 3 || password.length > 80) return undefined;
    if (isPlaceholder(password) || password.includes('[REDACTED:')) return undefined;
    const start = end + network - password.length;
    return {
      kind: 'url_credentials',
      rule: 'data-source',
      start,
      end: start + password.length,
      score: 0.9,
      isLearnt: isLearnable(password),
    };
  }
}

/** `[smtp.example]:587 user:password` of a relay map of Postfix. */
export class RelayAccountDetector implements Detector {
  readonly triggers = [']:587', ']:465', ']:25', ']:2525', ']:submission', ']:smtps'].map(
    (literal) => ({
      literal,
      caseSensitive: true,
    }),
  );
  readonly window = 200;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    let at = end;
    while (view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
    const account = /^([ \t]+[\w.+-]+(?:@[\w.-]+)?:)(\S(?:.*\S)?)\s*$/.exec(view.slice(end, at));
    if (account === null) return undefined;
    const [, user = '', password = ''] = account;
    if (password.length < 6 || isPlaceholder(password)) return undefined;
    const start = end + user.length;
    const found = { kind: 'password', rule: 'relay-account', start, score: 0.8 };
    return at >= view.high
      ? { ...found, end: at, goesOn: (code) => !isSpace(code) }
      : { ...found, end: start + password.length };
  }
}
