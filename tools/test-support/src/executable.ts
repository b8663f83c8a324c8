import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of `candidates` that can be executed; a bare name is looked up on PATH. */
export function executable(candidates: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return candidates
    .flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
