import type { Duplex } from 'node:stream';

/** What one sandbox may use. Each is enforced by the kernel, not by the guest's good will. */
export interface GuestLimits {
  /** Processes and threads. */
  processes: number;
  /** MiB of memory. */
  memoryMb: number;
  /** MiB of files in all: the home and the temporary folders have fixed shares of it. */
  diskMb: number;
  /** Processors' worth of time, e.g. 1.5; held where control groups can be written. */
  cpus: number;
  /** Open files of one process. */
  openFiles: number;
  /** MiB of one file. */
  fileMb: number;
}

export interface LaunchOptions {
  readonly id: string;
  readonly limits: GuestLimits;
  /** Whether the guest gets a second stream, its way out. */
  readonly egress: boolean;
  /** Image on the Docker backend; its own when undefined. */
  readonly image?: string | undefined;
}

/** What a guest has used; a field is absent where the backend cannot tell it. */
export interface GuestUsage {
  /** Microseconds of processor time since its start. */
  readonly cpuUs?: number;
  /** Bytes that its processes hold, without files. */
  readonly memoryBytes?: number;
  /** Bytes of cached files of the host that are counted as the guest's. */
  readonly cacheBytes?: number;
  /** Bytes of its files. */
  readonly diskBytes?: number;
}

/** What the limits of a guest as a whole are held by on this machine. */
export interface Enforcement {
  /** `group`: by the kernel, to the byte. `watch`: looked at in intervals. */
  readonly memory: 'group' | 'watch';
  /** Whether processor time is limited. */
  readonly cpu: boolean;
  readonly processes: boolean;
  /** Whether the kernel's memory for a guest (sockets, inodes, pipes) counts as the guest's. */
  readonly kernelMemory: boolean;
  readonly freeze: 'group' | 'signal';
}

/** A started, isolated machine with an agent that speaks HTTP/2 at the other end of `stream`. */
export interface Guest {
  readonly stream: Duplex;
  /** The way out, where one was asked for: the guest speaks HTTP/2 as the client on it. */
  readonly egress: Duplex | undefined;
  /** Resolves when every process of the guest is gone, with what the backend had to say. */
  readonly exited: Promise<string>;
  /**
   * Resolves when nothing of the guest runs any more.
   *
   * @throws SandboxServerError `pause_failed`; the guest runs on
   */
  freeze(): Promise<void>;
  /** Lets a frozen guest run on. @throws SandboxServerError `pause_failed` */
  thaw(): Promise<void>;
  usage(): Promise<GuestUsage>;
  /** Ends the guest at once, also a frozen one, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** The port that each way to isolate implements; one contract suite runs against all. */
export interface Backend {
  readonly kind: 'bubblewrap' | 'docker';
  readonly enforcement: Enforcement;
  launch(options: LaunchOptions): Promise<Guest>;
  /** Those of the named programs that guests, of that image where one is named, do not have. */
  missingPrograms(programs: readonly string[], image?: string): Promise<string[]>;
  /** Frees what the backend holds itself. Guests are killed by who launched them. */
  close(): Promise<void>;
}
