import { StringDecoder } from 'node:string_decoder';
import { Transform } from 'node:stream';
import type { Redactor } from './redactor.ts';

/**
 * A Node stream that takes bytes (UTF-8) or strings and gives redacted bytes. Characters cut by a chunk boundary are
 * put together first.
 */
export function createRedactTransform(redactor: Redactor): Transform {
  const decoder = new StringDecoder('utf8');
  const stream = redactor.createStream();
  return new Transform({
    decodeStrings: true,
    transform(chunk: Buffer, _encoding, done) {
      done(null, stream.write(decoder.write(chunk)));
    },
    flush(done) {
      done(null, stream.write(decoder.end()) + stream.end());
    },
  });
}
