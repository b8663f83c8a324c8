import fc from 'fast-check';
import { guestAnswerHead } from './guest-proxy.ts';

describe('the head of a guest`s answer', () => {
  it('is none for a redirect, an interim answer or nonsense', () => {
    for (const status of [0, 100, 101, 199, 300, 301, 302, 303, 307, 308, 399, 600, 999, NaN]) {
      expect(guestAnswerHead(status, { location: 'http://x' })).toBeUndefined();
    }
    expect(guestAnswerHead(undefined, {})).toBeUndefined();
  });

  it('carries nothing but type, encoding and length', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,20}$/), fc.string()),
        fc.constantFrom(200, 204, 400, 404, 500, 507),
        (headers, status) => {
          const head = guestAnswerHead(status, {
            ...headers,
            'content-type': 'application/json',
            'set-cookie': ['a=b'],
            location: 'http://x',
          });
          expect(head?.status).toBe(status);
          for (const name of Object.keys(head?.headers ?? {})) {
            expect(['content-type', 'content-encoding', 'content-length']).toContain(name);
          }
        },
      ),
    );
  });
});
