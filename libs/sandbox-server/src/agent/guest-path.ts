import { resolve } from 'node:path';
import { ProtocolError } from './protocol-error.ts';

export const HOME = '/home/user';

/** Absolute path of what a caller named; relative names and `~` start at the home. */
export function guestPath(path: string | undefined): string {
  if (path === undefined || path === '') return HOME;
  if (path.includes('\0')) {
    throw new ProtocolError('invalid_argument', 'a path must not contain a NUL byte');
  }
  return resolve(HOME, path === '~' || path.startsWith('~/') ? `.${path.slice(1)}` : path);
}

/** As {@link guestPath}, for calls that must name something: an empty path is refused. */
export function namedGuestPath(path: string | undefined): string {
  if (path === undefined || path === '') {
    throw new ProtocolError('invalid_argument', 'a path is required');
  }
  return guestPath(path);
}
