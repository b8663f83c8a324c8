import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './fakes.ts';
import { listens, readConnection, startLauncher } from './launcher.ts';

describe('npm start', () => {
  const state = temporaryFolder();
  afterAll(() => state.remove());

  it('starts the real system, shows the sample, is found by a second one, and leaves nothing', async () => {
    const launcher = startLauncher(state.path);
    try {
      await launcher.printed('Ctrl-C stops everything.');
      expect(launcher.output()).toMatch(/output +access key: \[REDACTED:/);
      expect(launcher.output()).toMatch(/cost +\$[\d.]+; \$0\.9\d* of \$1 remain/);
      expect(launcher.output()).toMatch(/refused +\S/);
      expect(statSync(join(state.path, 'connection.json')).mode & 0o777).toBe(0o600);

      const {
        url,
        api_key: key,
        temporal_address: temporal,
        sandbox_url: sandbox,
      } = readConnection(state.path);
      const page = await fetch(url, { headers: { accept: 'text/html' } });
      expect(await page.text()).toContain('<html');
      expect(launcher.output()).toContain(key);
      expect(temporal).toMatch(/^127\.0\.0\.1:\d+$/);

      const second = startLauncher(state.path);
      expect(await second.ended).toBe(0);
      expect(second.output()).toContain(url);

      for (const address of [url, sandbox, temporal]) expect(await listens(address)).toBe(true);
      launcher.process.kill('SIGTERM');
      expect(await launcher.ended).toBe(143);
      for (const address of [url, sandbox, temporal]) expect(await listens(address)).toBe(false);
      expect(existsSync(join(state.path, 'connection.json'))).toBe(false);
    } finally {
      launcher.process.kill('SIGKILL');
    }
  }, 180_000);
});
