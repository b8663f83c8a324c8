import fc from 'fast-check';
import { guestAnswerHead } from './guest-proxy.ts';

describe('the head of a guest`s answer', () => {
  it('is none for a redirect, an interim answer or nonsense', () => {
    for (const status of [0, 100, 101, 199, 300, 301, 302, 303, 307, 308, 399, 600, 999, NaN]) {
      expect(guestAnswerHead(status, { location: 'http://x' })).toBeUndefined();
    }
    expect(guestAnswerHead(undefined, {})).toBeUndefined();
  });

  it('carries nothing of the guest`s but type, encoding and length', () => {
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
          expect(head?.headers).toEqual({
            'content-type': 'application/json',
            ...(Object.hasOwn(headers, 'content-encoding')
              ? { 'content-encoding': headers['content-encoding'] }
              : {}),
            ...(Object.hasOwn(headers, 'content-length')
              ? { 'content-length': headers['content-length'] }
              : {}),
            'content-security-policy': "sandbox; default-src 'none'",
            'x-content-type-options': 'nosniff',
          });
        },
      ),
    );
  });
});
