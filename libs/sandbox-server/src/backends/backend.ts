import type { Duplex } from 'node:stream';

/** What one sandbox may use. Each is enforced by the kernel, not by the guest's good will. */
export interface GuestLimits {
  /** Processes and threads. */
  processes: number;
  /** MiB of memory. */
  memoryMb: number;
  /** MiB of files: the home and the temporary folders each. */
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
}

/** A started, isolated machine with an agent that speaks HTTP/2 at the other end of `stream`. */
export interface Guest {
  readonly stream: Duplex;
  /** The way out, where one was asked for: the guest speaks HTTP/2 as the client on it. */
  readonly egress: Duplex | undefined;
  /** Resolves when every process of the guest is gone, with what the backend had to say. */
  readonly exited: Promise<string>;
  /** Ends the guest at once and resolves when it is gone. */
  kill(): Promise<void>;
}

/** The port that each way to isolate implements; one contract suite runs against all. */
export interface Backend {
  readonly kind: 'bubblewrap' | 'docker';
  launch(options: LaunchOptions): Promise<Guest>;
  /** Frees what the backend holds itself. Guests are killed by who launched them. */
  close(): Promise<void>;
}
