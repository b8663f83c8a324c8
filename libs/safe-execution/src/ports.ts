import type {
  BudgetStatus,
  CheckRequest,
  CommitReceipt,
  CommitRequest,
  HoldReceipt,
  OutcomeRequest,
  PolicyDecision,
  ReleaseRequest,
  ReserveRequest,
} from '@ae/contracts';

/** Decides. An implementation that cannot decide throws; it never allows by default. */
export interface PolicyPort {
  check(request: CheckRequest): Promise<PolicyDecision>;
}

/** Accounts. Rejections carry the stable `code` of the wire contract (`budget_exceeded`, ...). */
export interface BudgetPort {
  /**
   * Rejects with code `budget_exceeded`, and holds nothing, when the budget refuses: the amount does
   * not fit, it is frozen or settled, or a guard says no.
   */
  reserve(request: ReserveRequest): Promise<HoldReceipt>;
  /** Rejects with code `conflict` when this hold was committed before with another amount. */
  commit(request: CommitRequest): Promise<CommitReceipt>;
  release(request: ReleaseRequest): Promise<BudgetStatus>;
}

export interface CommandOptions {
  timeoutMs: number;
  cwd?: string;
  envs?: Record<string, string>;
  onStdout?: (chunk: string) => void;
  onStderr?: (chunk: string) => void;
  signal?: AbortSignal;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  timedOut: boolean;
  truncated: boolean;
}

/** One isolated machine. */
export interface SandboxSession {
  readonly id: string;
  uploadFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** A command that exits non-zero or runs out of time is a result; it never throws for that. */
  execute(command: string, options: CommandOptions): Promise<CommandResult>;
  downloadFiles(paths: readonly string[]): Promise<Record<string, Uint8Array>>;
  listFiles(
    path: string,
    depth?: number,
  ): Promise<readonly { path: string; type: string; size: number }[]>;
  destroy(): Promise<void>;
}

export interface SandboxCreateOptions {
  timeoutMs?: number;
  envs?: Record<string, string>;
  metadata?: Record<string, string>;
  networkAllowlist?: readonly string[];
  signal?: AbortSignal;
}

/** Contains. Created sandboxes are found again by their metadata. */
export interface SandboxPort {
  create(options: SandboxCreateOptions): Promise<SandboxSession>;
  list(filter: { metadata: Record<string, string> }): Promise<readonly { id: string }[]>;
  destroy(id: string): Promise<boolean>;
}

/** Push side of a redacted stream. */
export interface RedactionStream {
  write(chunk: string): string;
  end(): string;
  /** How many secrets of each kind were masked so far. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Cleans. One redactor an execution: it learns the secrets that are injected. */
export interface RedactorPort {
  registerSecret(value: string, options?: { kind?: string }): void;
  redact(text: string): string;
  createStream(): RedactionStream;
}

/** Records what became of an allowed action. */
export interface OutcomePort {
  record(outcome: OutcomeRequest): Promise<void>;
}

/** Everything the guarded path needs; it names no technology. */
export interface ExecutionPorts {
  policy: PolicyPort;
  budget: BudgetPort;
  sandbox: SandboxPort;
  /** Makes a redactor for one execution. */
  createRedactor: () => RedactorPort;
  outcomes: OutcomePort;
}
