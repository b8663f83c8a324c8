import { detectIsolation } from '@ae/sandbox-server';
import { findOnPath } from './command.mjs';
import { prepareIsolation, whatToDo } from './isolation.mjs';
import { createProgress } from './progress.mjs';

const hasBubblewrap = findOnPath('bwrap') !== undefined;
if (!hasBubblewrap) console.info('prepareIsolation: not run, it would install bubblewrap here');

describe('prepareIsolation', () => {
  (hasBubblewrap ? it : it.skip)(
    'judges the machine as the sandbox server does',
    async () => {
      const { backend, reason } = await detectIsolation();
      const prepared = prepareIsolation(createProgress());
      if (backend === 'none') await expect(prepared).rejects.toThrow(reason);
      else expect(await prepared).toBe(backend);
    },
    30_000,
  );

  it('names the cause and the command that helps', () => {
    expect(whatToDo({ backend: 'none', reason: 'no namespaces', remedy: 'sysctl -w x=1' })).toMatch(
      process.platform === 'linux'
        ? /^No sandbox: no namespaces\. Run `sysctl -w x=1` or start Docker, then run this again\.$/
        : /^No sandbox: no namespaces\. Start Docker/,
    );
  });
});
