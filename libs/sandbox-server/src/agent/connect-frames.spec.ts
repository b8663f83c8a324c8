import fc from 'fast-check';
import { endFrame, messageFrame, readRequestFrame } from './connect-frames.ts';
import { ProtocolError } from './protocol-error.ts';

describe('frames of the Connect protocol', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (message) => {
        const asJson: unknown = JSON.parse(JSON.stringify(message));
        expect(readRequestFrame(messageFrame(message))).toEqual(asJson);
      }),
    );
  });

  it('are a message or a refusal, whatever the bytes', () => {
    const header = fc
      .tuple(fc.nat(255), fc.oneof(fc.nat(20), fc.nat(0xffffffff)))
      .map(([flags, length]) => {
        const bytes = Buffer.alloc(5);
        bytes[0] = flags;
        bytes.writeUInt32BE(length, 1);
        return bytes;
      });
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.option(header, { nil: Buffer.alloc(0) }), body, (head, rest) => {
        try {
          expect(typeof readRequestFrame(Buffer.concat([head, rest]))).toBe('object');
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect(['invalid_argument', 'unimplemented']).toContain((error as ProtocolError).code);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('end with an error or with nothing', () => {
    expect(endFrame().subarray(5).toString()).toBe('{}');
    const frame = endFrame({ code: 'not_found', message: 'gone' });
    expect(frame[0]).toBe(2);
    expect(JSON.parse(frame.subarray(5).toString())).toEqual({
      error: { code: 'not_found', message: 'gone' },
    });
  });
});
