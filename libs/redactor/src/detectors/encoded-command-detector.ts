import { CLASS_BITS, inClass } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { decodeBase64 } from '../rules/token-check.ts';
import { skipBlanks } from './reading.ts';

const WINDOW = 16_384;
const SHORTEST = 16;

/** PowerShell's `-EncodedCommand`: a script as UTF-16 in base64. It is masked as a whole when a secret is in it. */
export class EncodedCommandDetector implements Detector {
  readonly triggers = [' -EncodedCommand ', ' -enc ', ' -ec '].map((literal) => ({
    literal,
    caseSensitive: false,
  }));
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    const start = skipBlanks(view, end);
    let until = start;
    while (inClass(view.at(until), CLASS_BITS.b)) until++;
    if (until - start < SHORTEST || view.inspect === undefined) return undefined;
    const bytes = decodeBase64(view.slice(start, until - ((until - start) % 4)));
    if (bytes?.charAt(1) !== '\0') return undefined;
    const [finding] = view.inspect(bytes.replaceAll('\0', ''));
    if (finding === undefined) return undefined;
    const found = { ...finding, rule: 'encoded-command', start, end: until };
    const isBase64 = (code: number): boolean => inClass(code, CLASS_BITS.b);
    return until >= view.high ? { ...found, goesOn: isBase64 } : found;
  }
}
