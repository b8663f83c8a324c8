import { readFileSync } from 'node:fs';
import type { GuestLimits } from './backends/backend.ts';
import {
  egressEnvironment,
  type EgressEnvironment,
  type EgressOptions,
} from './egress/egress-proxy.ts';
import type { ServerEvent } from './events/server-event.ts';
import type { Quota } from './lifecycle/admission.ts';
import { totalMemoryMb } from './lifecycle/machine-memory.ts';
import type { LogLine } from './logs/log-line.ts';
import { SandboxServerError } from './sandbox-server-error.ts';
import type { Template } from './templates/template.ts';
import { readTemplateFile } from './templates/template-file.ts';

export interface SandboxServerOptions {
  /** Address to listen on; beyond loopback an `apiKey` is required. Default 127.0.0.1. */
  host?: string;
  /** Port to listen on; 0 takes a free one. Default 0. */
  port?: number;
  /** When set, every call of the REST interface must carry it as `X-API-Key`. */
  apiKey?: string;
  /** Folder for the server's own files; sandboxes keep theirs in memory. Default: temporary. */
  root?: string;
  /** `auto` takes what {@link detectIsolation} finds. Default auto. */
  backend?: 'auto' | 'bubblewrap' | 'docker';
  /**
   * `false` leaves control groups alone also where they can be written: limits are then held as
   * on a machine without them, see {@link Enforcement}. Default true.
   */
  controlGroups?: boolean;
  /** Image of the Docker backend; it must hold Node and bash. Default node:24-slim. */
  dockerImage?: string;
  /** JSON file of templates beside the default ones: see {@link readTemplateFile}. */
  templates?: string;
  /** Sandboxes at once, paused ones too; further ones are refused with 503. Default 50. */
  maxSandboxes?: number;
  /** MiB of memory that all sandboxes may be promised together. Default: no limit. */
  totalMemoryMb?: number;
  /** Processors that all running sandboxes may be promised together. Default: no limit. */
  totalCpus?: number;
  /** Processes that all sandboxes may be promised together. Default: half of the machine's. */
  totalProcesses?: number;
  /**
   * MiB of free memory that a new sandbox has to leave to the machine. Default: a tenth of its
   * memory, at most 2048.
   */
  memoryReserveMb?: number;
  /** MiB of memory of a sandbox. Default 512. */
  memoryMb?: number;
  /** MiB of files of a sandbox: ten sixteenths its home, four /tmp. Default 1024. */
  diskMb?: number;
  /** Processes and threads of a sandbox. Default 256. */
  maxProcesses?: number;
  /** Open files of one process. Default 1024. */
  maxOpenFiles?: number;
  /** Processors' worth of time of a sandbox, where control groups can be written. Default 2. */
  cpus?: number;
  /** MiB of output of one command that are handed on; the rest is dropped. Default 64. */
  maxOutputMb?: number;
  /** Milliseconds a sandbox may take to start. Default 10000. */
  launchTimeoutMs?: number;
  /** Milliseconds an agent may be silent before its sandbox is ended. Default 15000. */
  agentTimeoutMs?: number;
  /**
   * How the ways out of sandboxes with an allowlist resolve, judge and bound. By default: the name
   * servers of this machine, no address but public ones, ports 80 and 443.
   */
  egress?: EgressOptions;
  /** Milliseconds a sandbox may be paused before it is ended. Default a day. */
  maxPauseMs?: number;
  /** Milliseconds that running commands are given when the server is to stop. Default 0. */
  stopGraceMs?: number;
  /** Takes each line of the log; it must not throw. */
  onLog?: (line: LogLine) => void;
  /** Told of each event of a sandbox at once; it must not throw. */
  onEvent?: (event: ServerEvent) => void;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly apiKey: string | undefined;
  readonly root: string | undefined;
  readonly backend: 'auto' | 'bubblewrap' | 'docker';
  readonly controlGroups: boolean;
  readonly dockerImage: string;
  readonly templates: readonly Template[];
  readonly quota: Quota;
  readonly limits: GuestLimits;
  readonly maxOutputBytes: number;
  readonly launchTimeoutMs: number;
  readonly agentTimeoutMs: number;
  readonly egress: EgressEnvironment;
  readonly maxPauseMs: number;
  readonly stopGraceMs: number;
  readonly onLog: ((line: LogLine) => void) | undefined;
  readonly onEvent: ((event: ServerEvent) => void) | undefined;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

function invalid(message: string): SandboxServerError {
  return new SandboxServerError('invalid_option', message);
}

function within(name: string, value: number, min: number, max: number): number {
  if (!Number.isFinite(value) || value < min || value > max) {
    throw invalid(`${name} must be a number from ${min} to ${max}, got ${value}.`);
  }
  return value;
}

function integer(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(within(name, value, min, max))) {
    throw invalid(`${name} must be an integer, got ${value}.`);
  }
  return value;
}

/** Half of the processes that the kernel can name are for the rest of the machine. */
function halfOfProcesses(): number | undefined {
  try {
    return Math.floor(Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) / 2);
  } catch {
    return undefined;
  }
}

function quotaOf(options: SandboxServerOptions): Quota {
  const { totalMemoryMb: memoryMb, totalCpus: cpus, totalProcesses: processes } = options;
  const tenth = Math.round(Math.min(2048, totalMemoryMb() / 10));
  return {
    sandboxes: integer('maxSandboxes', options.maxSandboxes ?? 50, 1, 10_000),
    memoryMb:
      memoryMb === undefined ? undefined : integer('totalMemoryMb', memoryMb, 128, 1024 ** 3),
    cpus: cpus === undefined ? undefined : within('totalCpus', cpus, 0.1, 1_000_000),
    processes:
      processes === undefined
        ? halfOfProcesses()
        : integer('totalProcesses', processes, 32, 10_000_000),
    reserveMb: integer('memoryReserveMb', options.memoryReserveMb ?? tenth, 0, 1024 ** 3),
  };
}

/** A server whose quota holds no sandbox of a template would refuse each of them for ever. */
function checkQuotaHolds(quota: Quota, of: string, limits: GuestLimits): void {
  for (const what of ['memoryMb', 'cpus', 'processes'] as const) {
    const most = quota[what];
    if (most === undefined || limits[what] <= most) continue;
    throw invalid(
      `All sandboxes may have ${most} ${what} together, but one of ${of} has ${limits[what]}: raise the total or lower its limit.`,
    );
  }
}

/** @throws SandboxServerError `invalid_option`, `api_key_required` */
export function serverSettings(options: SandboxServerOptions): ServerSettings {
  const host = options.host ?? '127.0.0.1';
  const apiKey = options.apiKey === '' ? undefined : options.apiKey;
  if (!LOOPBACK.test(host) && apiKey === undefined) {
    throw new SandboxServerError(
      'api_key_required',
      `Listening on ${host} lets other machines in: an API key is required.`,
      'set AE_SANDBOX_API_KEY',
    );
  }
  const diskMb = integer('diskMb', options.diskMb ?? 1024, 16, 1024 * 1024);
  const backend = options.backend ?? 'auto';
  if (!['auto', 'bubblewrap', 'docker'].includes(backend)) {
    throw invalid(`backend must be auto, bubblewrap or docker, got ${backend}.`);
  }
  const limits: GuestLimits = {
    memoryMb: integer('memoryMb', options.memoryMb ?? 512, 128, 1024 * 1024),
    diskMb,
    fileMb: diskMb,
    processes: integer('maxProcesses', options.maxProcesses ?? 256, 32, 100_000),
    openFiles: integer('maxOpenFiles', options.maxOpenFiles ?? 1024, 64, 1_000_000),
    cpus: within('cpus', options.cpus ?? 2, 0.1, 1024),
  };
  const quota = quotaOf(options);
  const templates = options.templates === undefined ? [] : readTemplateFile(options.templates);
  checkQuotaHolds(quota, 'the server', limits);
  for (const { name, limits: own } of templates) {
    checkQuotaHolds(quota, `template '${name}'`, { ...limits, ...own });
  }
  return {
    host,
    port: integer('port', options.port ?? 0, 0, 65_535),
    apiKey,
    root: options.root === '' ? undefined : options.root,
    backend,
    controlGroups: options.controlGroups ?? true,
    dockerImage: options.dockerImage ?? 'node:24-slim',
    templates,
    quota,
    limits,
    maxOutputBytes: integer('maxOutputMb', options.maxOutputMb ?? 64, 1, 1024) * MIB,
    launchTimeoutMs: integer('launchTimeoutMs', options.launchTimeoutMs ?? 10_000, 100, 600_000),
    agentTimeoutMs: integer('agentTimeoutMs', options.agentTimeoutMs ?? 15_000, 300, 600_000),
    egress: egressEnvironment(options.egress),
    maxPauseMs: integer('maxPauseMs', options.maxPauseMs ?? DAY_MS, 1_000, 7 * DAY_MS),
    stopGraceMs: integer('stopGraceMs', options.stopGraceMs ?? 0, 0, 3_600_000),
    onLog: options.onLog,
    onEvent: options.onEvent,
  };
}
