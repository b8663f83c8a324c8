import { processStat } from './process-stat.ts';
import { IDENTITY_PATTERN, isGone, serverIdentity } from './server-identity.ts';

describe('the identity of a server', () => {
  const own = serverIdentity();
  const parts = own.split('-') as [string, string, string, string];
  const withPart = (index: number, part: string): string => parts.with(index, part).join('-');

  it('is another for each server, and found within a name', () => {
    expect(serverIdentity()).not.toBe(own);
    expect(IDENTITY_PATTERN.exec(`ae-sandbox-kit-${own}-x1y2z3`)?.[0]).toBe(own);
  });

  it('tells a server that is gone, also when its process id is used again', () => {
    expect(isGone(own)).toBe(false);
    if (processStat(process.pid) === undefined) return;
    expect(isGone(withPart(1, '1'))).toBe(true);
    expect(isGone(withPart(0, '4194303'))).toBe(true);
  });

  it('claims nothing of servers in other containers, nor of what is no identity', () => {
    expect(isGone(withPart(0, '4194303').replace(parts[2], '1'))).toBe(false);
    for (const name of ['', '1', '4194303', 'x-y-z-w']) expect(isGone(name)).toBe(false);
  });
});
