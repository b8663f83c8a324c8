import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isTokenStart } from '../rules/shape.ts';

/** How formats begin that hold text which cannot be read here, as bytes and in base64. */
const MAGIC: ReadonlyMap<string, string> = new Map([
  ['PK\u0003\u0004', 'zip'],
  ['UEsDBB', 'zip'],
  ['UEsDBAo', 'zip'],
  ['\u001f\ufffd\b', 'gzip'],
  ['\u001f\u008b\b', 'gzip'],
  ['H4sIA', 'gzip'],
  ['BZh91AY&SY', 'bzip2'],
  ['QlpoOTFBWSZTW', 'bzip2'],
  ['\ufffd7zXZ\0', 'xz'],
  ['\u00fd7zXZ\0', 'xz'],
  ['/Td6WFoA', 'xz'],
  ['(\ufffd/\ufffd', 'zstd'],
  ['(\u00b5/\u00fd', 'zstd'],
  ['KLUv/', 'zstd'],
  ["7z\ufffd\ufffd'\u001c", '7z'],
  ["7z\u00bc\u00af'\u001c", '7z'],
  ['N3q8ryc', '7z'],
  ['%PDF-1.', 'pdf'],
  ['JVBERi0x', 'pdf'],
  ['\u007fELF', 'executable'],
  ['SQLite format 3\0', 'sqlite'],
  ['Salted__', 'encrypted'],
  ['U2FsdGVkX1', 'encrypted'],
  ['-----BEGIN PGP MESSAGE', 'encrypted'],
  ['age-encryption.org/v1', 'encrypted'],
]);

/** Notices what cannot be looked into, so that it is not taken for clean. It masks nothing. */
export class OpaqueFormatDetector implements Detector {
  readonly triggers = [...MAGIC.keys()].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = 0;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const format = MAGIC.get(view.slice(start, end));
    if (format === undefined || !isTokenStart(view, start)) return undefined;
    return { kind: format, rule: 'opaque-format', start, end, score: 0, isOpaque: true };
  }
}
