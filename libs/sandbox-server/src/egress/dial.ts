import { connect, type Socket } from 'node:net';

const DIAL_TIMEOUT_MS = 10_000;
const MOST_ADDRESSES = 4;

function dialOne(address: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    // An address, never a name: nothing is looked up again.
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => socket.destroy(), DIAL_TIMEOUT_MS);
    socket.on('error', () => {
      // 'close' follows.
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

/** Connects to the first of the addresses that answers; undefined when none does. */
export async function dial(
  addresses: readonly string[],
  port: number,
): Promise<Socket | undefined> {
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    const socket = await dialOne(address, port);
    if (socket !== undefined) return socket;
  }
  return undefined;
}
