import { StringDecoder } from 'node:string_decoder';
import { Transform } from 'node:stream';
import type { RedactionStream } from './engine/redaction-stream.ts';
import type { Redactor } from './redactor.ts';

/**
 * A Node stream that takes bytes (UTF-8) or strings and gives redacted bytes. Characters cut by a chunk boundary are
 * put together first. It tells what was masked so far (`counts`) and what could not be looked into (`uninspected`).
 */
export function createRedactTransform(
  redactor: Redactor,
): Transform & Pick<RedactionStream, 'counts' | 'uninspected'> {
  const decoder = new StringDecoder('utf8');
  const stream = redactor.createStream();
  const transform = new Transform({
    decodeStrings: true,
    transform(chunk: Buffer, _encoding, done) {
      done(null, stream.write(decoder.write(chunk)));
    },
    flush(done) {
      done(null, stream.write(decoder.end()) + stream.end());
    },
  });
  return Object.assign(transform, { counts: stream.counts, uninspected: stream.uninspected });
}
