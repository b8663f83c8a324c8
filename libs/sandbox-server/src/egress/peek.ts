import type { Duplex } from 'node:stream';

/**
 * Reads from a paused stream until `parse` is content, and puts all of it back.
 *
 * @param parse answers undefined while it needs more
 * @returns undefined when the stream ended, or held `maxBytes`, before `parse` was content
 */
export function peek<T>(
  stream: Duplex,
  maxBytes: number,
  parse: (bytes: Buffer) => T | undefined,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const finish = (found: T | undefined): void => {
      stream.off('readable', look);
      stream.off('end', stop);
      stream.off('close', stop);
      if (seen.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(seen);
      resolve(found);
    };
    const stop = (): void => finish(undefined);
    const look = (): void => {
      for (;;) {
        const chunk = stream.read() as Buffer | null;
        if (chunk === null) return;
        seen = Buffer.concat([seen, chunk]);
        const found = parse(seen);
        if (found !== undefined || seen.length >= maxBytes) {
          finish(found);
          return;
        }
      }
    };
    if (stream.destroyed || stream.readableEnded) {
      resolve(undefined);
      return;
    }
    stream.on('readable', look);
    stream.once('end', stop);
    stream.once('close', stop);
  });
}
