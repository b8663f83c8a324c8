import { CLASS_BITS, inClass, isLineBreak } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { isIllustration } from './placeholders.ts';

/** Units and line ends behind an id within which its secret is looked for. */
const WINDOW = 400;
const MOST_LINES = 5;

/** A secret without a shape of its own that stands beside an id which has one. */
interface Companion {
  readonly rule: string;
  readonly kind: string;
  readonly source: string;
  readonly triggers: readonly string[];
  /** Letters and digits of the id behind the trigger. */
  readonly idUnits: readonly [least: number, most: number];
  readonly bits: number;
  readonly length: number;
  readonly isLikely: (value: string) => boolean;
}

function isMixed(value: string): boolean {
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}

const COMPANIONS: readonly Companion[] = [
  {
    rule: 'aws-secret-beside-id',
    kind: 'aws_secret_key',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html',
    triggers: ['AKIA', 'ASIA'],
    idUnits: [16, 16],
    bits: CLASS_BITS.b,
    length: 40,
    isLikely: isMixed,
  },
  {
    rule: 'twilio-token-beside-sid',
    kind: 'twilio_key',
    source: 'https://www.twilio.com/docs/iam/api/account',
    triggers: Array.from('0123456789abcdef', (digit) => `AC${digit}`),
    idUnits: [31, 31],
    bits: CLASS_BITS.h,
    length: 32,
    isLikely: (value) => /\d/.test(value) && /[a-f]/.test(value),
  },
  {
    rule: 'twilio-secret-beside-key-id',
    kind: 'twilio_key',
    source: 'https://www.twilio.com/docs/iam/api-keys',
    triggers: Array.from('0123456789abcdef', (digit) => `SK${digit}`),
    idUnits: [31, 31],
    bits: CLASS_BITS.a,
    length: 32,
    isLikely: isMixed,
  },
  {
    rule: 'alibaba-secret-beside-id',
    kind: 'alibaba_secret_key',
    source: 'https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair',
    triggers: ['LTAI'],
    idUnits: [16, 26],
    bits: CLASS_BITS.a,
    length: 30,
    isLikely: isMixed,
  },
  {
    rule: 'tencent-secret-beside-id',
    kind: 'tencent_secret_key',
    source: 'https://www.tencentcloud.com/document/product/598/32675',
    triggers: ['AKID'],
    idUnits: [32, 32],
    bits: CLASS_BITS.a,
    length: 32,
    isLikely: isMixed,
  },
];

export const COMPANION_KINDS: readonly string[] = COMPANIONS.map(({ kind }) => kind);

/** Makes the detectors of secrets that stand within a few lines of their id, without a name. */
export function companionDetectors(): Detector[] {
  return COMPANIONS.map((companion) => new CompanionDetector(companion));
}

class CompanionDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'any';
  private readonly companion: Companion;

  constructor(companion: Companion) {
    this.companion = companion;
    this.triggers = companion.triggers.map((literal) => ({ literal, caseSensitive: true }));
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const { rule, kind, idUnits, bits, length, isLikely } = this.companion;
    if (inClass(view.before(start - 1), CLASS_BITS.w)) return undefined;
    let at = end;
    while (inClass(view.at(at), CLASS_BITS.a)) at++;
    if (at - end < idUnits[0] || at - end > idUnits[1]) return undefined;
    for (let lines = 0; lines <= MOST_LINES; at++) {
      const code = view.at(at);
      if (code < 0) return undefined;
      if (isLineBreak(code)) lines++;
      if (!inClass(code, bits)) continue;
      const from = at;
      while (inClass(view.at(at), bits)) at++;
      // `=` belongs to what stands before a value as often as to its end.
      const padding = view.at(from) === 61 ? 1 : 0;
      // A mask that follows was part of the same word.
      const isWord =
        inClass(view.at(at), CLASS_BITS.w) ||
        view.has('[REDACTED:', at) ||
        inClass(view.before(from - 1), CLASS_BITS.w);
      if (at - from - padding !== length || isWord) continue;
      const value = view.slice(from + padding, at);
      if (!isLikely(value) || isIllustration(value)) continue;
      return {
        kind,
        rule,
        start: from + padding,
        end: at,
        score: 0.8,
        isLearnt: isLearnable(value),
      };
    }
    return undefined;
  }
}
