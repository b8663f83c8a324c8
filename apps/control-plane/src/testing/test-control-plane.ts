import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@ae/telemetry';
import { readConfig } from '../config.ts';
import { startControlPlane } from '../control-plane.ts';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface TestControlPlane {
  url: string;
  adminKey: string;
  workerKey: string;
  directory: string;
  /** What it logged so far. */
  log: () => string;
  /** Calls the API as the admin, unless the options say otherwise. */
  call: <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    options?: { key?: string | null; headers?: Record<string, string>; raw?: string | Buffer },
  ) => Promise<Answer<T>>;
  stop(): Promise<void>;
}

const newKey = () => `ae_${randomBytes(32).toString('base64url')}`;

/** The real control plane on a free port, its files in a folder of its own. */
export async function startTestControlPlane(
  environment: Record<string, string> = {},
): Promise<TestControlPlane> {
  const directory = environment['AE_DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'ae-control-plane-'));
  const adminKey = environment['AE_ADMIN_KEY'] ?? newKey();
  const workerKey = environment['AE_WORKER_KEY'] ?? newKey();
  const lines: string[] = [];
  const logger = createLogger({
    name: 'control-plane-test',
    level: 'info',
    redact: (text) => text,
    destination: { write: (line) => void lines.push(line) },
  });
  const config = readConfig({
    AE_PORT: '0',
    AE_DATA_DIR: directory,
    AE_ADMIN_KEY: adminKey,
    AE_WORKER_KEY: workerKey,
    ...environment,
  });
  const controlPlane = await startControlPlane(config, logger);
  return {
    url: controlPlane.url,
    adminKey,
    workerKey,
    directory,
    log: () => lines.join(''),
    async call(method, path, body, options = {}) {
      const { key = adminKey, headers = {}, raw } = options;
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(`${controlPlane.url}${path}`, {
        method,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(payload === undefined ? {} : { body: payload }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: (text === '' ? {} : JSON.parse(text)) as never,
      };
    },
    async stop() {
      await controlPlane.stop();
      if (!environment['AE_DATA_DIR']) rmSync(directory, { recursive: true, force: true });
    },
  };
}
