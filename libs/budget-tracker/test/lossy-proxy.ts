import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface LossyProxy {
  readonly port: number;
  /** Lets the next request through and closes both sides instead of passing its reply on. */
  loseNextReply(): void;
  /** From now on requests are passed on and no reply comes back, connections staying open. */
  hang(): void;
  /** From now on replies come that many milliseconds late; those on their way when the server ends are lost. */
  delay(ms: number): void;
  /** Ends {@link hang}: replies are passed on again, over new connections. */
  recover(): void;
  stop(): Promise<void>;
}

/** A TCP proxy on loopback that loses replies on demand. */
export async function startLossyProxy(target: number): Promise<LossyProxy> {
  let losing = false;
  let hanging = false;
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer((downstream) => {
    const upstream = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [downstream, upstream],
      [upstream, downstream],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    downstream.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      if (hanging) return;
      if (losing) {
        losing = false;
        downstream.destroy();
      } else if (delayMs > 0) {
        setTimeout(() => {
          if (!upstream.destroyed) downstream.write(data);
        }, delayMs);
      } else {
        downstream.write(data);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    loseNextReply() {
      losing = true;
    },
    hang() {
      hanging = true;
    },
    delay(ms) {
      delayMs = ms;
    },
    recover() {
      hanging = false;
      // What was held back must not be taken for the reply to a later request.
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
