/**
 * The guest's end of its way out: carries each connection of its programs to the server as it is.
 * It reads nothing and decides nothing; whoever takes it over gains nothing by it.
 */
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const ADDRESS = '127.0.0.1';
const WINDOW_BYTES = 256 * 1024;

/** What programs read to find the way out. */
export function proxyEnvironment(port: number): Record<string, string> {
  const proxy = `http://${ADDRESS}:${port}`;
  const direct = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: direct,
    no_proxy: direct,
    // Node's own fetch and http look at the others only when told to.
    NODE_USE_ENV_PROXY: '1',
  };
}

/**
 * Listens on the guest's loopback, then speaks to the server over `stream`. Connections beyond what
 * the server takes at once wait.
 *
 * @param port TCP port, the one of {@link proxyEnvironment}; 0 takes a free one
 * @returns the port, when the server has answered
 */
export async function startEgressBridge(stream: Duplex, port: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(port, ADDRESS);
  await once(server, 'listening');
  const session = connect('http://server', {
    createConnection: () => stream,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
  });
  session.once('close', () => server.close());
  await once(session, 'remoteSettings');
  session.on('error', () => {
    // 'close' follows.
  });

  const waiting: Socket[] = [];
  let open = 0;

  function carryNext(): void {
    const most = session.remoteSettings.maxConcurrentStreams ?? 1;
    for (; open < most; open += 1) {
      const socket = waiting.shift();
      if (socket === undefined) return;
      carry(socket);
    }
  }

  function carry(socket: Socket): void {
    if (session.closed || session.destroyed) {
      socket.destroy();
      return;
    }
    const carrier = session.request({ ':method': 'POST', ':path': '/' });
    const leave = (): void => carrier.close(constants.NGHTTP2_CANCEL);
    socket.once('close', leave);
    let isTaken = false;
    carrier.on('error', () => {
      // 'close' follows.
    });
    carrier.once('response', () => {
      isTaken = true;
      socket.pipe(carrier);
      carrier.pipe(socket);
    });
    carrier.once('close', () => {
      open -= 1;
      socket.off('close', leave);
      // The server may count one that we know to be over.
      const isEarly = !isTaken && carrier.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      if (isEarly && !socket.destroyed) waiting.unshift(socket);
      else socket.destroySoon();
      carryNext();
    });
  }

  server.on('connection', (socket) => {
    socket.on('error', () => {
      // 'close' follows.
    });
    waiting.push(socket);
    carryNext();
  });
  return (server.address() as AddressInfo).port;
}
