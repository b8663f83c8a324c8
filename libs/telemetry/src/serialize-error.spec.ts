import fc from 'fast-check';
import { serializeError } from './index.ts';

const asIs = (text: string) => text;

describe('serializeError', () => {
  it('keeps name, message, code, stack and causes', () => {
    const cause = Object.assign(new TypeError('low'), { code: 'ECONNREFUSED', errno: -111 });
    const error = new RangeError('high', { cause });
    expect(serializeError(error, asIs)).toEqual({
      name: 'RangeError',
      message: 'high',
      stack: error.stack,
      cause: { name: 'TypeError', message: 'low', code: 'ECONNREFUSED', stack: cause.stack },
    });
  });

  it('redacts every text', () => {
    const secret = ['a', 'secret'].join('-');
    const error = Object.assign(new Error(`m ${secret}`, { cause: secret }), {
      code: secret,
      name: secret,
    });
    const clean = serializeError(error, (text) => text.replaceAll(secret, '***'));
    expect(JSON.stringify(clean)).not.toContain(secret);
    expect(clean).toMatchObject({ name: '***', message: 'm ***', code: '***' });
    expect(clean.cause).toEqual({ name: 'Error', message: '***' });
  });

  it('withholds what cannot be redacted', () => {
    const clean = serializeError(new Error('secret'), () => {
      throw new Error('no');
    });
    expect(JSON.stringify(clean)).not.toContain('secret');
  });

  it('ends on a cycle of causes', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(serializeError(error, asIs)).match(/round/g)).not.toBeNull();
  });

  it('makes JSON of anything that is thrown', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
      },
    );
    for (const thrown of [hostile, undefined, null, 0, 1n, Symbol('s'), '', () => 1]) {
      expect(typeof serializeError(thrown, asIs).message).toBe('string');
    }
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const clean = serializeError(thrown, asIs);
        expect(JSON.parse(JSON.stringify(clean))).toEqual(clean);
      }),
    );
  });
});
