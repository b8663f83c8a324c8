import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  NAMESPACE_FLAGS,
  TIOCLINUX,
  TIOCSTI,
} from './seccomp-program.ts';
import { DENIED_CALLS, type GuestArchitecture } from './syscalls.ts';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
/** Arguments are compared in 64 bits there, while the kernel reads 32 of these. */
const LOW_HALF = 0xffffffff;
const LAST_FAMILY = AF_NETLINK;

interface Argument {
  readonly index: number;
  readonly op: `SCMP_CMP_${'LT' | 'EQ' | 'NE' | 'GT' | 'MASKED_EQ'}`;
  /** The mask of `MASKED_EQ`. */
  readonly value: number;
  /** What is to be found under the mask. */
  readonly valueTwo?: number;
}

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ERRNO';
  readonly errnoRet: number;
  readonly args?: readonly Argument[];
}

/** A filter in the form of `docker run --security-opt seccomp=<file>`. */
export interface DockerSeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ALLOW';
  readonly architectures: readonly string[];
  readonly syscalls: readonly Rule[];
}

function refuse(name: string, errnoRet: number, ...args: readonly Argument[]): Rule {
  return { names: [name], action: 'SCMP_ACT_ERRNO', errnoRet, args };
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (mask & bit) !== 0);
}

/** What `seccompProgram` says, in Docker's words; calls of foreign ABIs end the process there too. */
export function dockerSeccompProfile(architecture: GuestArchitecture): DockerSeccompProfile {
  const allowedFamilies = [AF_INET, AF_INET6, AF_NETLINK];
  const families = Array.from({ length: LAST_FAMILY + 1 }, (_, family) => family);
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: [architecture === 'x64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64'],
    syscalls: [
      { names: Object.keys(DENIED_CALLS), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      ...bitsOf(NAMESPACE_FLAGS).map((bit) =>
        refuse('clone', EPERM, { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: bit, valueTwo: bit }),
      ),
      ...families
        .filter((family) => !allowedFamilies.includes(family))
        .map((value) => refuse('socket', EAFNOSUPPORT, { index: 0, op: 'SCMP_CMP_EQ', value })),
      refuse('socket', EAFNOSUPPORT, { index: 0, op: 'SCMP_CMP_GT', value: LAST_FAMILY }),
      refuse(
        'socket',
        EAFNOSUPPORT,
        { index: 0, op: 'SCMP_CMP_EQ', value: AF_NETLINK },
        { index: 2, op: 'SCMP_CMP_NE', value: 0 },
      ),
      ...[TIOCSTI, TIOCLINUX].map((request) =>
        refuse('ioctl', EPERM, {
          index: 1,
          op: 'SCMP_CMP_MASKED_EQ',
          value: LOW_HALF,
          valueTwo: request,
        }),
      ),
    ],
  };
}
