import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const OWN_IMAGE = 'ae-test/sandbox:local';
const PROGRAMS =
  'bash sh cat ls echo sleep head tr id env mkdir ln mkfifo grep wc dd touch true seq rm hostname setsid perl';

function importImage(): void {
  const folder = mkdtempSync(join(tmpdir(), 'ae-image-'));
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(realpathSync(from), join(folder, to));
  };
  const copyProgram = (path: string, to: string): void => {
    copy(path, to);
    const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    libraries.forEach((library) => copy(library, library));
  };
  try {
    copyProgram(process.execPath, '/usr/local/bin/node');
    for (const name of PROGRAMS.split(' ')) {
      const path = execFileSync('which', [name], { encoding: 'utf8' }).trim();
      copyProgram(path, `/bin/${name}`);
    }
    ['tmp', 'var/tmp', 'home/user', 'etc', 'opt/ae', 'proc', 'sys', 'dev'].forEach((name) =>
      mkdirSync(join(folder, name), { recursive: true }),
    );
    writeFileSync(join(folder, 'etc/passwd'), '');
    writeFileSync(join(folder, 'etc/group'), '');
    const build = `tar -C '${folder}' -c . | docker import --change 'ENV PATH=/usr/local/bin:/bin' - ${OWN_IMAGE}`;
    execFileSync('/bin/bash', ['-o', 'pipefail', '-c', build], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * An image for sandboxes on Docker: `AE_TEST_SANDBOX_IMAGE`, or one of this machine's own Node,
 * shell and libraries, made on the spot. It needs a Docker engine that answers.
 */
export function sandboxImage(): string {
  const given = process.env['AE_TEST_SANDBOX_IMAGE'];
  if (given !== undefined) return given;
  importImage();
  return OWN_IMAGE;
}
