import { RedactorError } from '../redactor-error.ts';
import { RedactionScan } from './redaction-scan.ts';
import type { ScanRules } from './redaction-scan.ts';

/** Redacts text that comes in pieces. Concatenated, the output is what the whole text would give. */
export interface RedactionStream {
  /**
   * Takes the next piece, cut anywhere (also inside a surrogate pair), and returns the output that is now
   * certain. Held back is only what may still become part of a secret.
   *
   * @throws RedactorError `stream_ended` after {@link end}.
   */
  write(chunk: string): string;
  /** Ends the stream and returns the rest. Calling it again returns nothing. */
  end(): string;
  /** Masked spans so far, by kind. */
  readonly counts: ReadonlyMap<string, number>;
  /** Formats that were met so far and could not be looked into: `gzip`, `zip`, `encrypted` and the like. */
  readonly uninspected: ReadonlySet<string>;
}

/** Rules are asked for with each piece: a secret that is registered meanwhile is masked from then on. */
export function openRedactionStream(currentRules: () => ScanRules): RedactionStream {
  const counts = new Map<string, number>();
  const uninspected = new Set<string>();
  const scan = new RedactionScan(currentRules(), {
    onFinding: ({ kind }) => counts.set(kind, (counts.get(kind) ?? 0) + 1),
    onUninspected: ({ format }) => uninspected.add(format),
  });
  let ended = false;
  return {
    counts,
    uninspected,
    write(chunk) {
      if (ended)
        throw new RedactorError(
          'stream_ended',
          'The stream has ended: create another for further text.',
        );
      scan.useRules(currentRules());
      return scan.push(chunk, false);
    },
    end() {
      if (ended) return '';
      ended = true;
      return scan.push('', true);
    },
  };
}
