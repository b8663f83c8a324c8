import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError, run } from '../../start/src/command.mjs';

/**
 * Packs the libraries as npm would publish them and lets publint and attw look at each.
 *
 * @param {string} root
 * @param {(text: string) => void} detail
 * @throws {Error} With what they say.
 */
export async function checkPackages(root, detail) {
  const folder = mkdtempSync(join(tmpdir(), 'ae-packages-'));
  try {
    const libraries = readdirSync(join(root, 'libs')).filter((name) =>
      existsSync(join(root, 'libs', name, 'package.json')),
    );
    const workspaces = libraries.flatMap((name) => ['--workspace', `libs/${name}`]);
    await run('npm', ['pack', '--silent', '--pack-destination', folder, ...workspaces], {
      cwd: root,
    });
    const publint = join(root, 'node_modules', '.bin', 'publint');
    const attw = join(root, 'node_modules', '.bin', 'attw');
    const faults = [];
    for (const archive of readdirSync(folder)) {
      detail(archive);
      const checks = [
        [publint, 'run', join(folder, archive), '--strict'],
        [attw, join(folder, archive), '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'],
      ];
      const outcomes = await Promise.allSettled(
        checks.map((check) => run(process.execPath, check, { cwd: root, timeoutMs: 120_000 })),
      );
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        const { reason } = outcome;
        faults.push(`${archive}: ${reason instanceof CommandError ? reason.message : reason}`);
      }
    }
    if (faults.length > 0) throw new Error(faults.join('\n\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
