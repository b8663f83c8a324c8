import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Sets the times of a folder and of all in it to now: programs that tidy temporary folders
 * (systemd-tmpfiles: after ten days) would take what only lies there to be read for forgotten.
 */
export function freshen(folder: string): void {
  const now = new Date();
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      utimesSync(join(folder, name), now, now);
    }
    utimesSync(folder, now, now);
  } catch {
    // It was removed meanwhile.
  }
}
