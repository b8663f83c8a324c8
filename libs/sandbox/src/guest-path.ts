import { posix } from 'node:path';
import { InvalidPath } from './sandbox-error.ts';

/** Home of the sandbox's user, the same at every provider. */
export const HOME = '/home/user';

/**
 * Absolute path in the sandbox's home of a relative path, or of an absolute one inside the home.
 *
 * @throws InvalidPath for an empty path, a NUL byte, or one that leads out of the home
 */
export function resolveInHome(path: string): string {
  if (path === '') throw new InvalidPath('A path must not be empty.');
  if (path.includes('\0')) throw new InvalidPath('A path must not contain a NUL byte.');
  const resolved = posix.resolve(HOME, path);
  if (resolved !== HOME && !resolved.startsWith(`${HOME}/`)) {
    throw new InvalidPath(`'${path}' is outside of ${HOME}; use a path inside of it.`);
  }
  return resolved;
}

/** As {@link resolveInHome}, for a file: a path that names a folder by its form is refused. */
export function resolveFileInHome(path: string): string {
  const resolved = resolveInHome(path);
  if (resolved === HOME || /(?:^|\/)\.?$/.test(path)) {
    throw new InvalidPath(`'${path}' names a folder, not a file.`);
  }
  return resolved;
}
