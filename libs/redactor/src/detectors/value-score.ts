import { hasKeyWord, isKeyWord } from './key-names.ts';
import type { KeyFamily } from './key-names.ts';
import { NAME_WORDS } from './name-words.ts';
import type { ValueSite } from './value-site.ts';
import { distinctUnits, hasMarks, holdsMask, isPlaceholder } from './placeholders.ts';

/** Units below which a value is none, whatever it looks like. */
const SHORTEST: Readonly<Record<KeyFamily, number>> = {
  password: 4,
  secret: 6,
  token: 8,
  key: 8,
  weak_key: 16,
  named_key: 20,
  authorization: 6,
  cookie: 8,
};

/**
 * How likely a value is a secret, given the family of its key and the way it is written: 0 (no) to 1. Shape
 * rules only; a trained score has its place here, between the candidate and its mask.
 */
export function judgeValue(
  value: string,
  family: KeyFamily,
  site: ValueSite,
  name: string,
): number {
  const length = value.length;
  if (length < SHORTEST[family] || isPlaceholder(value) || holdsMask(value)) return 0;
  // What stands between two strings: `'Password: ' + name + ':'`.
  const isMarked = hasMarks(value);
  if (isMarked && site.quoted && /^\s*[+.,;)\]}][^\w]/.test(value) && /[+.,([:]\s*$/.test(value))
    return 0;
  // `password=password` of keyword arguments, `const ERROR_PASSWORD_MISSING = "password_missing"`.
  if (name.toLowerCase().endsWith(value.toLowerCase())) return 0;
  const reference = isMarked ? value.search(/[$#]\{/) : -1;
  if (reference >= 0 && value.indexOf('}', reference) > 0) return 0;
  if (family === 'authorization') {
    const first = (value.split(/\s/, 1)[0] ?? '').replace(/[`'")]+$/, '');
    return isCredentials(value) && !/^[{<[(]/.test(value) && !isPlaceholder(first) ? 0.8 : 0;
  }
  // What tools call a session of theirs; in cookies it has other names.
  if (/session_?id$/i.test(name) && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value))
    return 0;
  // A public token of Mapbox.
  if (value.startsWith('pk.eyJ')) return 0;
  if (family === 'cookie') return isCookie(value.slice(0, 512)) ? 0.75 : 0;
  if (isMarked && isGrouped(value)) return 0.7;
  if (length > 512) return 0.6;
  if (isMarked && isLocation(value)) return 0;
  if (!site.quoted && isExpression(value, site)) return 0;
  const isAssigned = site.separator === 'equals' && !site.spaced && /\d/.test(value);
  if (isMarked && (isVersion(value) || (isPath(value) && !isAssigned))) return 0;
  if (isNotation(value, isMarked)) return 0;
  const words = isMarked ? value.split(' ').length : 1;
  const digits = /\d/.test(value);
  const letters = /[A-Za-z]/.test(value);
  const mixedCase = /[a-z]/.test(value) && /[A-Z]/.test(value);
  const marks = /[^\w\s-]/.test(value);

  if (/^-?0x[0-9a-f]{1,16}$/i.test(value)) return 0;
  // The id of a key of GPG, in the configuration of git.
  if (/(?:signing|gpg|pgp)_?key$/i.test(name) && /^(?:0x)?[0-9A-F]{8,40}$/.test(value)) return 0;
  if (site.separator === 'flag' && value.startsWith('-')) return 0;
  // A type or a variable in the place of a value: `pass: NodePath,`.
  if (site.inCode === true && site.separator === 'colon' && /^[A-Za-z_$.]+$/.test(value)) return 0;

  if (family === 'password') {
    if (words >= 12 && /mnemonic|phrase/i.test(name) && /^[a-z ]+$/.test(value)) return 0.8;
    if (words > 2 && !digits && /^[\w ,.'!?:-]+$/.test(value))
      return /phrase|psk$/i.test(name) ? 0.6 : 0;
    if (words > 4) return digits && site.quoted && /phrase/i.test(name) ? 0.6 : 0;
    // What a form calls it: `password: "Neues Passwort"`.
    if (
      !digits &&
      hasKeyWord(value) &&
      (words > 1 || /[^\x21-\x7e]/.test(value) || isKeyWord(value))
    )
      return 0;
    // The result of a test: `--- PASS: TestLogin/sub7`.
    if (name === 'PASS' && /^(?:Test|Benchmark|Example|Fuzz)|\//.test(value)) return 0;
    // `pass` alone is an ordinary word: only a value that looks made up counts.
    if (/(?:^|[^a-z])pass$/i.test(name) && !isShellName(name)) {
      if (words > 1 || /[^\x21-\x7e]/.test(value) || !(digits || (site.quoted && marks))) return 0;
    }
    // A sentence in a script without blanks.
    if (!digits && !letters && /[^\x00-\u024f]/.test(value)) return 0;
    if (length > 12 && !digits && /[^\x00-\u024f]/.test(value)) return 0;
    if (!letters && !digits) return length >= 8 ? 0.5 : 0;
    // A bare word: `password: hunter`. In prose and code it is more often a word than a secret.
    if (/^[A-Za-z]?[a-z_-]+$/.test(value) || /^[A-Z_-]+$/.test(value)) {
      if (site.quoted) return site.spaced && !isShellName(name) && length < 6 ? 0.4 : 0.6;
      if (site.separator === 'equals' && !site.spaced) return 0.6;
      if (site.separator === 'flag') return 0.55;
      return site.inProse === true ? 0.4 : length >= 6 ? 0.5 : 0;
    }
    // `challengePassword`, `overEvery`.
    if (!digits && mixedCase && isIdentifier(value)) return 0.45;
    return 0.85;
  }

  if (family === 'named_key') {
    // A fingerprint: `using EDDSA key 4F53…`.
    if (/^[\dA-F]{16,40}$/.test(value)) return 0;
    const isRandom = isOpaque(value) && digits && letters && distinctUnits(value, 10) >= 10;
    return isRandom && !/[/.]|key|^[\da-f]{8}-/i.test(value) ? 0.6 : 0;
  }
  if (words > 1 || !/^[\x21-\x7e]+$/.test(value) || isIdentifier(value)) return 0;
  if (family === 'weak_key' && !/^[\w+/=.~%|:-]+$/.test(value)) return 0;
  if (!site.quoted && site.spaced && isWordy(value)) return 0;
  if (!site.quoted && !digits && (length < 20 || isWordy(value))) return 0;
  if (!digits && !mixedCase && (length < 20 || /[_.\s-]/.test(value)))
    return isShellName(name) && family !== 'weak_key' && length >= 8 && marks ? 0.5 : 0;
  if (!letters)
    return length >= 12 && family !== 'weak_key'
      ? 0.55
      : length >= 6 && family === 'secret'
        ? 0.5
        : 0;
  // Identifiers made of words: `my-app-secret-v2`, `UserTokenService`.
  if (length < 8) return digits ? 0.5 : 0;
  if (!digits && mixedCase && isWordy(value)) return 0;
  if (isWordy(value) && family === 'weak_key') return 0;
  const distinct = distinctUnits(value);
  if (distinct < 5) return 0;
  if (family === 'weak_key') return distinct >= 9 && digits ? 0.6 : 0;
  if (isWordy(value)) return 0.55;
  return 0.8;
}

/** Groups of four letters, as authenticators and Google's passwords of applications are shown; not four short words. */
export function isGrouped(value: string): boolean {
  if (!/^[a-z2-7]{4}(?: [a-z2-7]{4}){3,}$/.test(value)) return false;
  return value.split(' ').some((group) => !/[aeiouy]/.test(group) || /\d/.test(group));
}

/** A word that is no word: letters and digits or marks, and long enough. */
export function isMadeUp(value: string): boolean {
  return (
    value.length >= 6 &&
    /[A-Za-z]/.test(value) &&
    /[\d@#$%^*!+=]/.test(value) &&
    /[A-Za-z]{2}|\d[A-Za-z]\d|(?:[A-Za-z][^A-Za-z]+){4}/.test(value) &&
    !/^[-+.\deE]+$/.test(value)
  );
}

/** Letters alone, in a case that no word has. */
export function isMixedCase(value: string): boolean {
  return /^[A-Za-z]{12,}$/.test(value) && /[a-z][A-Z]{2,}[a-z]|[A-Z]{20}/.test(value);
}

/** A word that nobody would write but as a password: letters and digits that alternate, or marks among them. */
export function isRandom(value: string): boolean {
  if (value.length < 8 || value.length > 128) return false;
  const marks = value.match(/[@#$%^*!+=&~]/g)?.length ?? 0;
  const isMixed = marks >= 2 && /[a-z]/.test(value) && /[A-Z]/.test(value);
  if (!isMadeUp(value) || (!/\d/.test(value) && !isMixed)) return false;
  if (isIdentifier(value) || isWordy(value) || isLocation(value) || isVersion(value)) return false;
  if (/^\d{4}-\d\d|^v?\d+[.:]\d+\.\d|^[a-z]\w*=|^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(value))
    return false;
  const changes = value.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  const humps = value.match(/[a-z](?=[A-Z])/g)?.length ?? 0;
  return changes >= 2 || changes + humps >= 3 || /[@#$%^*!+=&][^]*[A-Za-z\d]/.test(value);
}

/** A value that cannot be a word, nor words joined by marks: a long run of letters and digits, or a UUID. */
export function isOpaque(value: string): boolean {
  if (value.length < 16 || value.length > 512 || !/^[\w+/=.~-]+$/.test(value)) return false;
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) return true;
  const longest = (value.match(/[A-Za-z0-9]+/g) ?? []).sort((a, b) => b.length - a.length)[0] ?? '';
  if (longest.length < 12 || !/\d/.test(longest) || !/[A-Za-z]/.test(longest)) return false;
  return distinctUnits(value, 8) >= 8 && !isWordy(value) && !isLocation(value);
}

/** The rest of an Authorization header, not of a sentence about it. */
function isCredentials(value: string): boolean {
  if (value.includes(' ') || value.length < 8) return /\d/.test(value) && value.length >= 6;
  const bare = value.replace(/[;,]+$/, '');
  if (isWordy(bare) || isIdentifier(bare) || isLocation(bare)) return false;
  return /\d/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value)) || value.length >= 24;
}

/** Cookies with a value, besides what they are to be used for. */
function isCookie(value: string): boolean {
  return value.split(';', MOST_COOKIES).some((cookie) => {
    const sign = cookie.indexOf('=');
    const name = cookie.slice(0, sign).trim().toLowerCase();
    if (sign < 0 || COOKIE_ATTRIBUTES.has(name)) return false;
    const [content = ''] = cookie
      .slice(sign + 1)
      .trimStart()
      .split(/\s/, 1);
    const isReference = content.startsWith('$');
    return !isReference && content.length >= (/\d/.test(content) ? 6 : 16);
  });
}

const MOST_COOKIES = 40;
const COOKIE_ATTRIBUTES = new Set(['path', 'domain', 'expires', 'max-age', 'samesite', 'priority']);

/** Numbers, regular expressions, escapes alone, roles of documentation. */
function isNotation(value: string, isMarked: boolean): boolean {
  if (/^[-+.\deE]+$/.test(value) && /[.eE]/.test(value)) return true;
  if (!isMarked) return false;
  return (
    /\(\?[:=!<]|\[\^?[\w\\]-[\w\\]|\\[wdsWDSb][*+?{]|\][*+?{]/.test(value) ||
    /^(?:\\u[\da-f]{4}|\\x[\da-f]{2})+$/i.test(value) ||
    /^:[a-z]+:/.test(value) ||
    // Line and column: `password.rs:41:9`.
    /^\d+:\d+:?$/.test(value) ||
    // Rules of a validator, counters of statsd: `nullable|string|max:80`, `12|c`.
    /^[a-z_]+(?::[\w,]+)?(?:\|[a-z_]+(?::[\w,]+)?)+$/.test(value) ||
    /^[\d.]+\|(?:c|g|ms|h|s|d)(?:\||$)/.test(value) ||
    /^[a-z-]+\([^)]*\)$/.test(value)
  );
}

function isVersion(value: string): boolean {
  return /^[\^~v]?\d+\.\d+(?:\.\d+)?(?:-[a-z]+(?:\.\d+)?)?$/.test(value);
}

/** Words joined by dots, three or more: the name of a setting, an attribute, a translation. */
function isPath(value: string): boolean {
  const isDotted = /^[a-z*][\w*]*(?:\[\w*\])?(?:\.[a-z_*][\w*]*(?:\[\w*\])?){2,}$/i.test(value);
  return isDotted && (isWordy(value) || isIdentifier(value) || value.includes('*'));
}

/** `DB_PASSWORD`: the way of environment variables. */
function isShellName(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}

/** A path or an address. Credentials inside a URL are found by their own detector. */
function isLocation(value: string): boolean {
  if (/^[a-z][\w+.-]*:\/\//i.test(value)) return true;
  // Base64 with a slash at its beginning.
  const isMixed = (run: string): boolean =>
    /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);
  if (value.length >= 24 && (value.match(/[A-Za-z\d]{10,}/g) ?? []).some(isMixed)) return false;
  return (
    /^(?:~|\.{1,2})?\/[\w.@/-]*$/.test(value) &&
    /\/[\w.-]+\/|^\.{0,2}\/[a-z]+(?:\/|$)|\.\w{1,5}$/.test(value)
  );
}

/** Source code in the place of a value: a call, a property, a type, another variable. */
function isExpression(value: string, site: ValueSite): boolean {
  if (!hasMarks(value)) return isNameInCode(value, site) || isVariable(value, site);
  const isAssignment = site.separator === 'equals' && !site.spaced;
  const call = /^[A-Za-z_$][\w$]*(?:(?:\.|\?\.|::|->)[A-Za-z_$][\w$]*)*[([{]/.exec(value);
  // `PASSWORD=Tr0ub4dor(3`, `Password={x(1;` are no calls.
  const isWhole = /[)\]}]/.test(value) || !/[\d@#$%^&*!]/.test(value);
  if (call !== null && !(isAssignment && (/\d/.test(call[0]) || !isWhole))) return true;
  if (/^[A-Za-z_$][\w$]*(?:(?:\?\.|::|->)[A-Za-z_$][\w$]*)+[;,)]*$/.test(value)) return true;
  if (/^[A-Za-z_$][A-Za-z_$]*(?:\.[A-Za-z_$][A-Za-z_$]*)+[;,)]*$/.test(value))
    return site.spaced || site.separator === 'colon';
  if (/^\+[A-Za-z_$][\w$]*[.(]|\/\*|\*\//.test(value)) return true;
  // `host=key` of a build cache.
  if (/^[a-z][\w-]*(?:\.[\w-]+)+=\w{20,}$/.test(value)) return false;
  // Code without blanks: `tokens=s.context.normal,this.next()`.
  if (/^[A-Za-z_$][\w$]{0,24}(?:\.[A-Za-z_$][\w$]*)+[=,;(?:&|]/.test(value)) return true;
  if (/^[\w$]{1,3},(?:\.{3})?[\w$]/.test(value)) return true;
  if (/^[\w$.]+(?:,[\w$.]+)+$/.test(value) && value.split(',').every(isIdentifier)) return true;
  if (isNameInCode(value, site)) return true;
  if (/^!\w*\d\w*$/.test(value)) return false;
  // ODBC and ADO.NET quote with braces.
  if (isAssignment && /^\{(?!\w+![rsa]\})[^{}:,=]*[\d@#$%^*!][^{}:,=]*\}$/.test(value))
    return !isMadeUp(value.slice(1, -1));
  if (/^(?:\(|\[|\{|!|&|\*|=>|\||-\s|->|\/\/)/.test(value))
    return !isAssignment || /^[([{]/.test(value);
  return isVariable(value, site);
}

/** A name of a program. `hunter2` is no such name: a small word with a number has no place for one in code. */
function isNameInCode(value: string, site: ValueSite): boolean {
  const isInCode = site.inCode === true || site.spaced || site.separator === 'colon';
  return isInCode && isIdentifier(value) && /[a-z\d][A-Z]|_|\./.test(value);
}

/** `token = nextToken`; but `password = hunter2` of an INI file. */
function isVariable(value: string, site: ValueSite): boolean {
  if (!site.spaced || !/^[A-Za-z_$][\w$]*[;,)]*$/.test(value)) return false;
  return !/\d/.test(value) || (isIdentifier(value) && /[a-z][A-Z]|_/.test(value));
}

/** Made of dictionary-like words and short numbers joined by marks or case. */
export function isWordy(value: string): boolean {
  const parts = value.split(/[-_.:/$\s]|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
  return (
    parts.every((part) =>
      /^(?:[A-Z]?[a-z]+|[A-Z]{2,12}|v?\d{1,4}|[A-Z]?[a-z]+\d{1,2}|)$/.test(part),
    ) && parts.some((part) => /^[A-Za-z]?[a-z]{3,}$/.test(part))
  );
}

/**
 * A name of a program: `Uint8Array`, `defaultToConfig2`, `_this15.accessToken`, `K8S_VOLUME_TYPE`. Most of its letters
 * are in words; a random value has none.
 */
export function isIdentifier(value: string): boolean {
  if (!/^[A-Za-z_$][\w$.]*$/.test(value)) return false;
  let letters = 0;
  let known = 0;
  for (let at = 0; at < value.length;) {
    const end = wordEnd(value, at);
    if (end > at) {
      letters += end - at;
      const lower = value.slice(at, end).toLowerCase();
      if (NAME_WORDS.has(lower) || (lower.endsWith('s') && NAME_WORDS.has(lower.slice(0, -1))))
        known += end - at;
    }
    at = Math.max(end, at + 1);
  }
  return known * 2 >= letters && known >= 3;
}

/** Where the word of a name ends that begins at an index: `Array`, `value`, the `HTTP` of `HTTPServer`. */
function wordEnd(value: string, start: number): number {
  let end = start;
  while (isUpper(value.charCodeAt(end))) end++;
  if (!isLower(value.charCodeAt(end))) return end;
  if (end > start + 1) return end - 1;
  while (isLower(value.charCodeAt(end))) end++;
  return end;
}

function isUpper(code: number): boolean {
  return code >= 65 && code <= 90;
}

function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}
