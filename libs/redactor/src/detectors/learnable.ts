import { LONGEST_LEARNT } from '../engine/learnt-value-detector.ts';
import { distinctUnits } from './placeholders.ts';
import { isIdentifier } from './value-score.ts';

const SHORTEST = 6;

/** Whether a value is so particular that it is secret wherever it stands: not `admin`, not `true`, not `12345678`. */
export function isLearnable(value: string): boolean {
  const { length } = value;
  if (length < SHORTEST || length > LONGEST_LEARNT || /\s/.test(value)) return false;
  if (distinctUnits(value, 5) < 5 || isIdentifier(value)) return false;
  if (/\d/.test(value) && /[A-Za-z]/.test(value)) return true;
  return length >= 10 && /[a-z]/.test(value) && /[A-Z]/.test(value) && /[^\w]/.test(value);
}
