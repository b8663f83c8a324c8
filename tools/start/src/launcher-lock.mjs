import { join } from 'node:path';

/**
 * Lets one launcher at a time work on a state directory. The operating system holds the lock (on an
 * SQLite file), so it is free again however its holder ended.
 *
 * @param {string} state
 * @returns {Promise<(() => void) | undefined>} Releases the lock; undefined where another has it.
 */
export async function takeLauncherLock(state) {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(state, 'launcher.lock'));
  try {
    database.exec('BEGIN EXCLUSIVE');
    return () => database.close();
  } catch {
    database.close();
    return undefined;
  }
}

/**
 * Whether a launcher works on a state directory. Where this Node has no SQLite (the system's own, on
 * which a launcher begins), it is taken for granted.
 *
 * @param {string} state
 */
export async function launcherLockIsHeld(state) {
  try {
    const release = await takeLauncherLock(state);
    release?.();
    return release === undefined;
  } catch {
    return true;
  }
}
