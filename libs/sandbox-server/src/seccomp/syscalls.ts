/**
 * Numbers of the calls the filter speaks of. x64: arch/x86/entry/syscalls/syscall_64.tbl;
 * arm64: include/uapi/asm-generic/unistd.h. `undefined`: the architecture has no such call.
 */
export type GuestArchitecture = 'x64' | 'arm64';

type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

/** Calls answered with EPERM whatever their arguments, by what a guest could do with them. */
export const DENIED_CALLS = {
  // mounts and roots
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_tree_attr: [467, 467],
  swapon: [167, 224],
  swapoff: [168, 225],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  // namespaces
  unshare: [272, 97],
  setns: [308, 268],
  // other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  // large kernel surfaces that a guest has no use for
  bpf: [321, 280],
  perf_event_open: [298, 241],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  modify_ldt: [154, undefined],
  ioperm: [173, undefined],
  iopl: [172, undefined],
  personality: [135, 92],
  lookup_dcookie: [212, 18],
  vhangup: [153, 58],
  uselib: [134, undefined],
  ustat: [136, undefined],
  sysfs: [139, undefined],
  // keys outlive the sandbox
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // files by handle bypass the mount namespace
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // the machine
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  acct: [163, 89],
  syslog: [103, 116],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
} as const satisfies Record<string, Numbers>;

/**
 * Memory that belongs to no process: denied where no control group counts it, since neither a
 * limit of a process nor a look at its size would.
 */
export const UNCOUNTED_MEMORY_CALLS = {
  shmget: [29, 194],
  semget: [64, 190],
  msgget: [68, 186],
  mq_open: [240, 180],
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
} as const satisfies Record<string, Numbers>;

/** Calls whose answer depends on their arguments. */
export const GUARDED_CALLS = {
  clone: [56, 220],
  clone3: [435, 435],
  socket: [41, 198],
  ioctl: [16, 29],
} as const satisfies Record<string, Numbers>;

/** `AUDIT_ARCH_*` of linux/audit.h. */
export const AUDIT_ARCHITECTURE: Record<GuestArchitecture, number> = {
  x64: 0xc000003e,
  arm64: 0xc00000b7,
};

export function numberOf(
  [x64, arm64]: Numbers,
  architecture: GuestArchitecture,
): number | undefined {
  return architecture === 'x64' ? x64 : arm64;
}

export function guestArchitecture(name: string): GuestArchitecture | undefined {
  return name === 'x64' || name === 'arm64' ? name : undefined;
}
