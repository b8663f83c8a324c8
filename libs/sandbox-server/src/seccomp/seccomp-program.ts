import {
  ALLOW,
  answer,
  ARCHITECTURE,
  argumentLow,
  failWith,
  KILL_PROCESS,
  load,
  SYSCALL_NUMBER,
  when,
  type Instruction,
} from './bpf.ts';
import {
  AUDIT_ARCHITECTURE,
  DENIED_CALLS,
  GUARDED_CALLS,
  numberOf,
  UNCOUNTED_MEMORY_CALLS,
  type GuestArchitecture,
} from './syscalls.ts';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Numbers from here on are the x32 ABI: the same calls under other numbers. */
const X32_ABI = 0x40000000;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; linux/sched.h. */
export const NAMESPACE_FLAGS = 0x7e020000;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;

/** Pushing input into a terminal that someone else reads (CVE-2017-5226). */
export const TIOCSTI = 0x5412;
export const TIOCLINUX = 0x541c;

/**
 * The filter of every guest: what is named in `DENIED_CALLS` fails with EPERM; new namespaces,
 * sockets other than IP and routing-netlink, and terminal injection are refused by argument;
 * `clone3` says ENOSYS because its flags lie in memory, out of a filter's reach, and libc then
 * falls back to `clone`; foreign ABIs are killed. All else is allowed.
 */
export function seccompProgram(
  architecture: GuestArchitecture,
  options: { readonly memoryIsCounted: boolean },
): Instruction[] {
  const number = (call: keyof typeof GUARDED_CALLS): number =>
    GUARDED_CALLS[call][architecture === 'x64' ? 0 : 1];
  const deniedCalls = {
    ...DENIED_CALLS,
    ...(options.memoryIsCounted ? {} : UNCOUNTED_MEMORY_CALLS),
  };
  const denied = Object.values(deniedCalls)
    .map((call) => numberOf(call, architecture))
    .filter((found) => found !== undefined);

  return [
    ...load(ARCHITECTURE),
    ...when('equals', AUDIT_ARCHITECTURE[architecture], [
      ...load(SYSCALL_NUMBER),
      ...when('at-least', X32_ABI, answer(failWith(ENOSYS))),
      ...when('equals', number('clone3'), answer(failWith(ENOSYS))),
      ...when('equals', number('clone'), [
        ...load(argumentLow(0)),
        ...when('has-any-bit', NAMESPACE_FLAGS, answer(failWith(EPERM))),
        ...answer(ALLOW),
      ]),
      ...when('equals', number('socket'), [
        ...load(argumentLow(0)),
        ...when('equals', AF_INET, answer(ALLOW)),
        ...when('equals', AF_INET6, answer(ALLOW)),
        ...when('equals', AF_NETLINK, [
          ...load(argumentLow(2)),
          ...when('equals', NETLINK_ROUTE, answer(ALLOW)),
        ]),
        ...answer(failWith(EAFNOSUPPORT)),
      ]),
      ...when('equals', number('ioctl'), [
        ...load(argumentLow(1)),
        ...when('equals', TIOCSTI, answer(failWith(EPERM))),
        ...when('equals', TIOCLINUX, answer(failWith(EPERM))),
        ...answer(ALLOW),
      ]),
      ...denied.flatMap((call) => when('equals', call, answer(failWith(EPERM)))),
      ...answer(ALLOW),
    ]),
    ...answer(KILL_PROCESS),
  ];
}
