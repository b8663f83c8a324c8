import { LONGEST_LEARNT } from '../engine/learnt-value-detector.ts';
import { distinctUnits } from './placeholders.ts';
import { isIdentifier } from './value-score.ts';

const SHORTEST = 6;

/** Whether a value is so particular that it is secret wherever it stands: not `admin`, not `true`, not `12345678`. */
export function isLearnable(value: string): boolean {
  const { length } = value;
  if (length < SHORTEST || length > LONGEST_LEARNT || /\s/.test(value)) return false;
  if (distinctUnits(value, 5) < 5 || isIdentifier(value) || isTerm(value)) return false;
  if (/\d/.test(value) && /[A-Za-z]/.test(value)) return true;
  return length >= 10 && /[a-z]/.test(value) && /[A-Z]/.test(value) && /[^\w]/.test(value);
}

/** What stands in texts of every kind: dates, protocols, architectures, character sets, algorithms. */
function isTerm(value: string): boolean {
  return (
    /^\d{4}-\d\d(?:-\d\d(?:[T ][\d:.Z+-]*)?)?$|^[A-Z]+\/\d(?:\.\d)?$/.test(value) ||
    /^(?:x86_64|aarch64|amd64|arm64|utf-?8\w*|utf-?16\w*|latin1|iso-?8859-\d+|us-ascii|sha\d{1,3}(?:-\d+)?|base64\w*|aes-?\d+(?:-\w+)*|rsa-?\d+|ed25519|curve25519|x25519|p-?256|secp\d+\w\d)$/i.test(
      value,
    )
  );
}
