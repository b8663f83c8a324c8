import fc from 'fast-check';
import { dockerSeccompProfile } from './docker-profile.ts';
import { NAMESPACE_FLAGS, TIOCLINUX, TIOCSTI } from './seccomp-program.ts';
import { DENIED_CALLS } from './syscalls.ts';

const profile = dockerSeccompProfile('x64');
const ALLOWED = 0;

/** What libseccomp does with the profile: the arguments of a rule must all hold, in 64 bits. */
function decide(call: string, ...given: readonly bigint[]): number {
  const rule = profile.syscalls.find(
    ({ names, args = [] }) =>
      names.includes(call) &&
      args.every(({ index, op, value, valueTwo = 0 }) => {
        const argument = BigInt.asUintN(64, given[index] ?? 0n);
        switch (op) {
          case 'SCMP_CMP_LT':
            return argument < BigInt(value);
          case 'SCMP_CMP_GT':
            return argument > BigInt(value);
          case 'SCMP_CMP_EQ':
            return argument === BigInt(value);
          case 'SCMP_CMP_NE':
            return argument !== BigInt(value);
          case 'SCMP_CMP_MASKED_EQ':
            return (argument & BigInt(value)) === BigInt(valueTwo);
        }
      }),
  );
  return rule === undefined ? ALLOWED : rule.errnoRet;
}

describe('the filter of containers', () => {
  const word = fc.bigInt(0n, 2n ** 64n - 1n);
  const low = (value: bigint): number => Number(BigInt.asUintN(32, value));

  it('refuses what the filter of bubblewrap refuses, whatever the arguments', () => {
    for (const call of Object.keys(DENIED_CALLS)) expect(decide(call)).toBe(1);
    expect(decide('clone3')).toBe(38);
    expect(decide('read')).toBe(ALLOWED);
  });

  it('lets no socket through but IP and routing netlink, in whichever half of the argument', () => {
    expect(decide('socket', 2n, 1n, 0n)).toBe(ALLOWED);
    expect(decide('socket', 10n, 1n, 0n)).toBe(ALLOWED);
    expect(decide('socket', 16n, 3n, 0n)).toBe(ALLOWED);
    expect(decide('socket', 16n, 3n, 9n)).toBe(97);
    fc.assert(
      fc.property(fc.oneof(word, fc.bigInt(0n, 64n)), word, word, (family, type, protocol) => {
        const allowed = decide('socket', family, type, protocol) === ALLOWED;
        if (allowed) expect([2, 10, 16]).toContain(low(family));
        if (allowed && low(family) === 16) expect(low(protocol)).toBe(0);
      }),
    );
  });

  it('lets no process have new namespaces, and no terminal be typed into', () => {
    fc.assert(
      fc.property(word, (flags) => {
        const asks = (low(flags) & NAMESPACE_FLAGS) !== 0;
        expect(decide('clone', flags)).toBe(asks ? 1 : ALLOWED);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 32n - 1n), (high) => {
        for (const request of [TIOCSTI, TIOCLINUX]) {
          expect(decide('ioctl', 0n, (high << 32n) | BigInt(request))).toBe(1);
        }
        expect(decide('ioctl', 0n, (high << 32n) | 0x5413n)).toBe(ALLOWED);
      }),
    );
  });

  it('knows the processor', () => {
    expect(profile.architectures).toEqual(['SCMP_ARCH_X86_64']);
    expect(dockerSeccompProfile('arm64').architectures).toEqual(['SCMP_ARCH_AARCH64']);
  });
});
