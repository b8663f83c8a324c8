import fc from 'fast-check';
import { ALLOW, encode, failWith, KILL_PROCESS, type Instruction } from './bpf.ts';
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  NAMESPACE_FLAGS,
  seccompProgram,
  TIOCLINUX,
  TIOCSTI,
} from './seccomp-program.ts';
import {
  AUDIT_ARCHITECTURE,
  DENIED_CALLS,
  GUARDED_CALLS,
  numberOf,
  UNCOUNTED_MEMORY_CALLS,
  type GuestArchitecture,
} from './syscalls.ts';

interface Call {
  architecture: number;
  number: number;
  args?: readonly bigint[];
}

/** What the kernel does with a program: linux/filter.h, for the instructions that we use. */
function interpret(program: readonly Instruction[], { architecture, number, args = [] }: Call) {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(architecture, 4);
  args.forEach((value, index) => data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index));
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const { code, whenTrue, whenFalse, operand } = program[at]!;
    if (code === 0x20) accumulator = data.readUInt32LE(operand);
    else if (code === 0x06) return operand;
    else if (code === 0x15) at += accumulator === operand ? whenTrue : whenFalse;
    else if (code === 0x35) at += accumulator >= operand ? whenTrue : whenFalse;
    else if (code === 0x45) at += (accumulator & operand) !== 0 ? whenTrue : whenFalse;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error('the program ran over its end');
}

const EPERM = failWith(1);
const ENOSYS = failWith(38);
const EAFNOSUPPORT = failWith(97);

describe.each<GuestArchitecture>(['x64', 'arm64'])('seccomp program for %s', (name) => {
  const program = seccompProgram(name, { memoryIsCounted: true });
  const architecture = AUDIT_ARCHITECTURE[name];
  const run = (number: number, args?: bigint[]): number =>
    interpret(program, { architecture, number, ...(args === undefined ? {} : { args }) });
  const guarded = (call: keyof typeof GUARDED_CALLS): number =>
    numberOf(GUARDED_CALLS[call], name)!;
  const special = new Set<number | undefined>([
    ...Object.values(DENIED_CALLS).map((call) => numberOf(call, name)),
    ...Object.values(GUARDED_CALLS).map((call) => numberOf(call, name)),
  ]);

  it.each(Object.entries(DENIED_CALLS))('denies %s', (_call, numbers) => {
    const number = numberOf(numbers, name);
    // The call does not exist there; 0 is a call that must stay allowed.
    expect(run(number ?? 0)).toBe(number === undefined ? ALLOW : EPERM);
  });

  it('allows every other call, whatever its arguments', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x3fffffff }).filter((number) => !special.has(number)),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 6 }),
        (number, args) => run(number, args) === ALLOW,
      ),
    );
    for (let number = 0; number < 600; number += 1) {
      if (!special.has(number)) expect(run(number)).toBe(ALLOW);
    }
  });

  it('denies memory that belongs to no process only where nothing counts it', () => {
    const strict = seccompProgram(name, { memoryIsCounted: false });
    for (const numbers of Object.values(UNCOUNTED_MEMORY_CALLS)) {
      const number = numberOf(numbers, name)!;
      expect(run(number)).toBe(ALLOW);
      expect(interpret(strict, { architecture, number })).toBe(EPERM);
    }
  });

  it('kills a call of any other architecture', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }).filter((other) => other !== architecture),
        fc.nat(600),
        (other, number) => interpret(program, { architecture: other, number }) === KILL_PROCESS,
      ),
    );
  });

  it('knows no x32 calls', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0x40000000, max: 0xffffffff }),
        (number) => run(number) === ENOSYS,
      ),
    );
  });

  it('denies each namespace flag of clone and allows clone without', () => {
    for (let bit = 0; bit < 32; bit += 1) {
      const flag = (1 << bit) >>> 0;
      const isNamespace = (flag & NAMESPACE_FLAGS) !== 0;
      expect(run(guarded('clone'), [BigInt(flag)])).toBe(isNamespace ? EPERM : ALLOW);
    }
    // Bits above the 32 that the kernel reads change nothing.
    expect(run(guarded('clone'), [(1n << 40n) | 0x10000000n])).toBe(EPERM);
    expect(run(guarded('clone3'))).toBe(ENOSYS);
  });

  it('allows sockets of IP and of routing netlink, and no others', () => {
    const socket = guarded('socket');
    expect(run(socket, [BigInt(AF_INET), 1n, 6n])).toBe(ALLOW);
    expect(run(socket, [BigInt(AF_INET6), 2n, 17n])).toBe(ALLOW);
    expect(run(socket, [BigInt(AF_NETLINK), 3n, 0n])).toBe(ALLOW);
    for (let protocol = 1n; protocol < 30n; protocol += 1n) {
      expect(run(socket, [BigInt(AF_NETLINK), 3n, protocol])).toBe(EAFNOSUPPORT);
    }
    for (let family = 0; family < 64; family += 1) {
      if ([AF_INET, AF_INET6, AF_NETLINK].includes(family)) continue;
      expect(run(socket, [BigInt(family)])).toBe(EAFNOSUPPORT);
    }
  });

  it('denies terminal injection, also with bits above the command', () => {
    const ioctl = guarded('ioctl');
    for (const command of [TIOCSTI, TIOCLINUX]) {
      expect(run(ioctl, [0n, BigInt(command)])).toBe(EPERM);
      expect(run(ioctl, [0n, (1n << 32n) | BigInt(command)])).toBe(EPERM);
    }
    expect(run(ioctl, [0n, 0x5401n])).toBe(ALLOW);
  });

  it('has no jump over its end and is within the kernel limit', () => {
    program.slice(0, -1).forEach(({ whenTrue, whenFalse }, index) => {
      expect(index + 1 + Math.max(whenTrue, whenFalse)).toBeLessThan(program.length);
    });
    expect(program.at(-1)).toMatchObject({ code: 0x06, operand: KILL_PROCESS });
    expect(program.length).toBeLessThanOrEqual(4096);
    expect(encode(program)).toHaveLength(program.length * 8);
  });
});
