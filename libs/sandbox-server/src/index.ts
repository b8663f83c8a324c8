export { detectIsolation } from './isolation/detect-isolation.ts';
export type { Isolation } from './isolation/detect-isolation.ts';
export type { EgressLimits, EgressOptions } from './egress/egress-proxy.ts';
export type { EgressEvent, EventDetails, ServerEvent } from './events/server-event.ts';
export { startSandboxServer } from './sandbox-server.ts';
export type { SandboxServer } from './sandbox-server.ts';
export type { SandboxServerOptions } from './server-settings.ts';
export { SandboxServerError } from './sandbox-server-error.ts';
export type { SandboxServerErrorCode } from './sandbox-server-error.ts';
