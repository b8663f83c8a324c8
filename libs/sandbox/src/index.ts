export { SandboxClient } from './sandbox-client.ts';
export type { SandboxCapabilities } from './capabilities.ts';
export type { CreateOptions, SandboxClientOptions, SandboxInfo } from './sandbox-client.ts';
export { CLOUD_LEASE_MS, OWN_SERVER_LEASE_MS } from './sandbox-lease.ts';
export { Sandbox } from './sandbox.ts';
export type { ListedFile } from './sandbox.ts';
export type { ExecuteOptions, ExecuteResult } from './execution.ts';
export {
  ExecutionAborted,
  InvalidPath,
  SandboxCapacity,
  SandboxError,
  SandboxNotFound,
  SandboxTimeout,
  SandboxUnavailable,
  UnsupportedByProvider,
} from './sandbox-error.ts';
export type { SandboxErrorCode } from './sandbox-error.ts';
