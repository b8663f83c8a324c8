import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Backend, Enforcement } from './backends/backend.ts';
import { createBubblewrapBackend } from './backends/bubblewrap-backend.ts';
import { createDockerBackend } from './backends/docker-backend.ts';
import { EventLog } from './events/event-log.ts';
import { createHttpServer } from './http/http-server.ts';
import { detectIsolation, probeIsolation } from './isolation/detect-isolation.ts';
import { totalMemoryMb } from './lifecycle/machine-memory.ts';
import { SandboxRegistry } from './lifecycle/sandbox-registry.ts';
import { eventLine, type Log } from './logs/log-line.ts';
import { SandboxServerError } from './sandbox-server-error.ts';
import {
  serverSettings,
  type SandboxServerOptions,
  type ServerSettings,
} from './server-settings.ts';
import { openTemplateCatalog, type TemplateCatalog } from './templates/template-catalog.ts';

export interface SandboxServer {
  /** Base address of both the REST interface and the sandboxes, e.g. http://127.0.0.1:13000. */
  readonly url: string;
  readonly port: number;
  /** How its sandboxes are isolated. */
  readonly backend: 'bubblewrap' | 'docker';
  /** What limits hold here, and by what. */
  readonly enforcement: Enforcement;
  /**
   * Refuses new sandboxes, gives running commands their grace, kills every sandbox, waits until
   * they are gone, at most ten seconds, and stops listening.
   */
  stop(): Promise<void>;
}

async function openBackend(settings: ServerSettings): Promise<Backend> {
  const found =
    settings.backend === 'auto' ? await detectIsolation() : await probeIsolation(settings.backend);
  switch (found.backend) {
    case 'bubblewrap':
      return createBubblewrapBackend({
        root: settings.root,
        version: found.version ?? '0.0',
        controlGroups: settings.controlGroups,
        ceiling: {
          memoryMb: Math.max(settings.limits.memoryMb, totalMemoryMb() - settings.quota.reserveMb),
          processes: settings.quota.processes,
        },
      });
    case 'docker':
      return createDockerBackend({ root: settings.root, image: settings.dockerImage });
    case 'none':
      throw new SandboxServerError(
        'isolation_unavailable',
        `This machine cannot isolate sandboxes: ${found.reason ?? 'no cause is known'}.`,
        found.remedy,
      );
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new SandboxServerError('port_in_use', `Port ${port} of ${host} is in use.`)
          : error,
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function closeListener(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Starts an E2B-compatible server.
 *
 * @throws SandboxServerError `isolation_unavailable` (it never runs anything unsandboxed),
 *   `invalid_option`, `api_key_required`, `port_in_use`
 */
export async function startSandboxServer(
  options: SandboxServerOptions = {},
): Promise<SandboxServer> {
  const settings = serverSettings(options);
  const backend = await openBackend(settings);
  const { onEvent, onLog } = settings;
  const log: Log = (level, message, fields) =>
    onLog?.({ at: new Date().toISOString(), level, message, fields });
  const events = new EventLog((event) => {
    onEvent?.(event);
    onLog?.(eventLine(event));
  });
  let templates: TemplateCatalog;
  try {
    templates = await openTemplateCatalog(backend, settings.templates);
  } catch (error) {
    await backend.close();
    throw error;
  }
  const registry = new SandboxRegistry(backend, { ...settings, templates }, events, log);
  const server = createHttpServer(registry, settings.apiKey);
  let port: number;
  try {
    port = await listen(server, settings.host, settings.port);
  } catch (error) {
    await backend.close();
    throw error;
  }
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${host}:${port}`,
    port,
    backend: backend.kind,
    enforcement: backend.enforcement,
    stop: () =>
      (stopped ??= (async () => {
        await registry.stop();
        await closeListener(server);
        await backend.close();
      })()),
  };
}
