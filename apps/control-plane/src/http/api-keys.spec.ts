import { randomBytes } from 'node:crypto';
import { ApiKeys } from './api-keys.ts';

describe('ApiKeys', () => {
  const key = (): string => `ae_${randomBytes(32).toString('base64url')}`;
  const [admin, worker] = [key(), key()];
  const keys = new ApiKeys({ admin, worker });

  it('tells whose key it is, the first time as later', () => {
    for (let time = 0; time < 3; time += 1) {
      expect(keys.authenticate(`Bearer ${admin}`)?.user_id).toBe('admin');
      expect(keys.authenticate(`Bearer ${worker}`)?.user_id).toBe('worker');
    }
  });

  it.each([
    ['no header', undefined],
    ['an empty one', ''],
    ['no key', 'Bearer '],
    ['another case', `bearer ${admin}`],
    ['another scheme', `Basic ${admin}`],
    ['a blank before', ` Bearer ${admin}`],
    ['a blank behind', `Bearer ${admin} `],
    ['a line feed behind', `Bearer ${admin}\n`],
    ['two blanks', `Bearer  ${admin}`],
    ['a longer key', `Bearer ${admin}x`],
    ['a shorter key', `Bearer ${admin.slice(0, -1)}`],
    ['the key alone', admin],
    ['the name of a property', '__proto__'],
  ])('refuses %s, also after the right one', (_name, header) => {
    keys.authenticate(`Bearer ${admin}`);
    expect(keys.authenticate(header)).toBeUndefined();
    expect(keys.authenticate(header)).toBeUndefined();
  });
});
