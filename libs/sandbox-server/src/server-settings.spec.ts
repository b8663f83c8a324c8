import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SandboxServerError } from './sandbox-server-error.ts';
import { serverSettings, type SandboxServerOptions } from './server-settings.ts';
import { startSandboxServer } from './sandbox-server.ts';

function codeOf(options: SandboxServerOptions): string | undefined {
  try {
    serverSettings(options);
    return undefined;
  } catch (error) {
    return error instanceof SandboxServerError ? error.code : String(error);
  }
}

describe('the settings of a server', () => {
  it('have defaults that listen on loopback only', () => {
    expect(serverSettings({})).toMatchObject({
      host: '127.0.0.1',
      port: 0,
      quota: { sandboxes: 50 },
    });
  });

  it.each<SandboxServerOptions>([
    { port: -1 },
    { port: 65_536 },
    { port: 1.5 },
    { port: NaN },
    { maxSandboxes: 0 },
    { memoryMb: 1 },
    { memoryMb: Infinity },
    { diskMb: 0 },
    { cpus: 0 },
    { maxProcesses: 1 },
    { launchTimeoutMs: 0 },
    { backend: 'none' as 'auto' },
    { totalMemoryMb: 511 },
    { totalMemoryMb: 1024, memoryMb: 1025 },
    { totalCpus: 1.9 },
    { totalProcesses: 255 },
  ])('refuse %j', (options) => {
    expect(codeOf(options)).toBe('invalid_option');
  });

  it('refuse a total that does not hold one sandbox of a template', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ae-settings-'));
    const templates = path.join(folder, 'templates.json');
    writeFileSync(
      templates,
      JSON.stringify({ templates: [{ name: 'large', limits: { memoryMb: 2048 } }] }),
    );
    try {
      expect(codeOf({ templates, totalMemoryMb: 2047 })).toBe('invalid_option');
      expect(codeOf({ templates, totalMemoryMb: 2048 })).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.0.0.1.example.com'])(
    'refuse to listen on %s without a key',
    (host) => {
      expect(codeOf({ host })).toBe('api_key_required');
      expect(codeOf({ host, apiKey: '' })).toBe('api_key_required');
      expect(codeOf({ host, apiKey: 'key' })).toBeUndefined();
    },
  );

  it('reach the caller of startSandboxServer', async () => {
    await expect(startSandboxServer({ port: -1 })).rejects.toMatchObject({
      code: 'invalid_option',
    });
  });
});
