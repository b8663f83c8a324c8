import { forgetKey, isKey, storeKey, storedKey, takeKeyFromAddress } from './session-key.ts';

const KEY = ['ae', 'k'.repeat(24)].join('_');

function open(address: string): void {
  history.replaceState(null, '', address);
}

describe('the key of a session', () => {
  it('is taken out of the address, which keeps the rest', () => {
    open(`/?run=r1#key=${KEY}&x=1`);
    expect(takeKeyFromAddress()).toBe(KEY);
    expect(location.href).toBe('http://localhost/?run=r1#x=1');
    expect(takeKeyFromAddress()).toBeUndefined();
  });

  it('leaves no trace in the address when it is none', () => {
    open('/#key=<script>');
    expect(takeKeyFromAddress()).toBeUndefined();
    expect(location.href).toBe('http://localhost/');
  });

  it('lives in the tab until it is forgotten', () => {
    storeKey(KEY);
    expect(storedKey()).toBe(KEY);
    expect(localStorage).toHaveLength(0);
    forgetKey();
    expect(storedKey()).toBeUndefined();
  });

  it.each(['', 'ae_', 'ae_short', `x${KEY}`, `${KEY} `, `${KEY}\n`])('is not %j', (text) => {
    expect(isKey(text)).toBe(false);
  });
});
