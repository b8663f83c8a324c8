import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './fakes.ts';
import { listens, readConnection, startLauncher } from './launcher.ts';

describe('npm start that is killed', () => {
  const state = temporaryFolder();
  afterAll(() => state.remove());

  it('leaves no part running, and the next one works on what it left', async () => {
    for (let round = 0; round < 3; round += 1) {
      const launcher = startLauncher(state.path);
      await launcher.printed('Ctrl-C stops everything.');
      const { url, sandbox_url: sandbox, temporal_address: temporal } = readConnection(state.path);
      launcher.process.kill('SIGKILL');
      for (const address of [url, sandbox, temporal]) {
        while (await listens(address)) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    const last = startLauncher(state.path, '--once');
    expect(await last.ended).toBe(0);
  }, 300_000);

  it('works on when it is started again at once, while the parts of the last one still end', async () => {
    let url: string | undefined;
    for (let round = 0; round < 3; round += 1) {
      const launcher = startLauncher(state.path);
      await launcher.printed('Ctrl-C stops everything.');
      const connection = readConnection(state.path);
      // What was there before has given its port back, too.
      expect(connection.url).toBe((url ??= connection.url));
      // As `killall -9 node`: nobody is left who would end the Temporal server.
      if (round === 2) {
        launcher.process.kill('SIGSTOP');
        killGroupLeaders(state.path);
      }
      launcher.process.kill('SIGKILL');
    }
    const last = startLauncher(state.path, '--once');
    expect(await last.ended).toBe(0);
    expect(last.output()).toContain('waiting for the end of an earlier start');
  }, 300_000);

  it('lets one of two that begin together wait for the other', async () => {
    const first = startLauncher(state.path);
    const second = startLauncher(state.path);
    // Whoever is second ends by itself with 0, having named the address of the first.
    const ended = await Promise.race([
      first.ended.then((code) => ({ code, other: second, output: first.output() })),
      second.ended.then((code) => ({ code, other: first, output: second.output() })),
    ]);
    expect(ended.code).toBe(0);
    expect(ended.output).toContain('already runs');
    await ended.other.printed('Ctrl-C stops everything.');
    ended.other.process.kill('SIGTERM');
    expect(await ended.other.ended).toBe(143);
  }, 300_000);
});

/** Kills the first process of every part, and only that one. */
function killGroupLeaders(state: string): void {
  const folder = join(state, 'parts');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const { group } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { group: number };
    process.kill(group, 'SIGKILL');
  }
}
