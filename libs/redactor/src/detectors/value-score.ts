import type { KeyFamily } from './key-names.ts';
import type { ValueSite } from './key-value-detector.ts';
import { distinctUnits, holdsMask, isPlaceholder } from './placeholders.ts';

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
  if (length < 3 || isPlaceholder(value) || holdsMask(value)) return 0;
  // `password=password` of keyword arguments.
  if (value === name) return 0;
  if (family === 'authorization') return isCredentials(value) ? 0.8 : 0;
  if (family === 'cookie') return /=\s*[^\s;]{6,}/.test(value.slice(0, 512)) ? 0.75 : 0;
  if (length > 512) return 0.6;
  if (isLocation(value)) return 0;
  if (!site.quoted && isExpression(value, site)) return 0;
  const words = value.split(' ').length;
  const digits = /\d/.test(value);
  const letters = /[A-Za-z]/.test(value);
  const mixedCase = /[a-z]/.test(value) && /[A-Z]/.test(value);
  const marks = /[^\w\s-]/.test(value);

  if (/^0x[0-9a-f]{1,8}$/i.test(value)) return 0;
  // A type or a variable in the place of a value: `pass: NodePath,`.
  if (site.inCode === true && site.separator === 'colon' && /^[A-Za-z_$.]+$/.test(value)) return 0;

  if (family === 'password') {
    if (words > 2 && !digits && /^[\w ,.'!?:-]+$/.test(value))
      return /phrase/i.test(name) ? 0.6 : 0;
    if (words > 4) return 0;
    if (length < 4) return 0;
    // `pass` alone is an ordinary word: only a value that looks made up counts.
    if (/(?:^|[^a-z])pass$/i.test(name) && !isShellName(name) && !site.quoted && !digits) return 0;
    if (!letters && !digits) return length >= 8 ? 0.5 : 0;
    // A bare word: `password: hunter`. In prose and code it is more often a word than a secret.
    if (/^[A-Za-z]?[a-z_-]+$/.test(value) || /^[A-Z_-]+$/.test(value)) {
      if (site.quoted) return site.spaced && !isShellName(name) && length < 6 ? 0.4 : 0.6;
      if (site.separator === 'equals' && !site.spaced) return 0.6;
      if (site.separator === 'flag') return 0.55;
      return site.inProse === true ? 0.4 : length >= 6 ? 0.5 : 0;
    }
    return 0.85;
  }

  if (words > 1 || !/^[\x21-\x7e]+$/.test(value)) return 0;
  if (value.includes('${') || value.includes('#{')) return 0;
  if (family === 'weak_key' && !/^[\w+/=.~-]+$/.test(value)) return 0;
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
  if (length < 8) return family === 'secret' && digits ? 0.5 : 0;
  if (!digits && mixedCase && isWordy(value)) return 0;
  if (isWordy(value) && family === 'weak_key') return 0;
  const distinct = distinctUnits(value);
  if (distinct < 5) return 0;
  if (family === 'weak_key') return length >= 16 && distinct >= 9 && digits ? 0.6 : 0;
  if (isWordy(value)) return 0.55;
  return 0.8;
}

/** The rest of an Authorization header, not of a sentence about it. */
function isCredentials(value: string): boolean {
  if (value.includes(' ') || value.length < 8) return /\d/.test(value) && value.length >= 6;
  return /\d/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value)) || value.length >= 24;
}

/** `DB_PASSWORD`: the way of environment variables. */
function isShellName(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}

/** A path or an address. Credentials inside a URL are found by their own detector. */
function isLocation(value: string): boolean {
  if (/^(?:https?|wss?|file|s3|gs|git|ssh|tcp|unix):\/\//i.test(value)) return true;
  return (
    /^(?:~|\.{1,2})?\/[\w.@/-]*$/.test(value) &&
    /\/[\w.-]+\/|^\.{0,2}\/[a-z]+(?:\/|$)|\.\w{1,5}$/.test(value)
  );
}

/** Source code in the place of a value: a call, a property, a type, another variable. */
function isExpression(value: string, site: ValueSite): boolean {
  const isAssignment = site.separator === 'equals' && !site.spaced;
  const call = /^[A-Za-z_$][\w$]*(?:(?:\.|\?\.|::|->)[A-Za-z_$][\w$]*)*[([]/.exec(value);
  // `PASSWORD=Tr0ub4dor(3` is no call.
  if (call !== null && !(isAssignment && /\d/.test(call[0]))) return true;
  if (/^[A-Za-z_$][\w$]*(?:(?:\?\.|::|->)[A-Za-z_$][\w$]*)+[;,)]*$/.test(value)) return true;
  if (/^[A-Za-z_$][A-Za-z_$]*(?:\.[A-Za-z_$][A-Za-z_$]*)+[;,)]*$/.test(value))
    return site.spaced || site.separator === 'colon';
  if (/^(?:\(|\[|\{|!|&|\*|=>|\||-\s|->|\/\/)/.test(value))
    return !isAssignment || /^[([{]/.test(value);
  if (site.spaced && /^[A-Za-z_$][\w$]*[;,)]*$/.test(value)) {
    // `token = nextToken`; but `password = hunter2` of an INI file.
    return (
      !/\d/.test(value) ||
      (/^[a-z]+[A-Z]/.test(value) && value.length < 20 && !/\d.*[A-Z].*\d/.test(value))
    );
  }
  return false;
}

/** Made of dictionary-like words and short numbers joined by marks or case. */
function isWordy(value: string): boolean {
  const parts = value.split(/[-_.:/$\s]|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
  return (
    parts.every((part) =>
      /^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,12}|[a-z]|v?\d{1,4}|[A-Z]?[a-z]+\d{1,2}|)$/.test(part),
    ) && parts.some((part) => /^[A-Za-z]?[a-z]{3,}$/.test(part))
  );
}
