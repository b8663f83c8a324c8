import { createServer } from 'node:net';

/** How many ports above the wished one are tried before any free one is taken. */
const tries = 20;

/**
 * Picks loopback ports, none twice.
 *
 * @returns {(wished: number) => Promise<number>} The wished port, or the nearest free one above it.
 */
export function createPortPicker() {
  const picked = new Set();
  return async (wished) => {
    for (let port = wished; port < wished + tries && port < 65_536; port += 1) {
      if (!picked.has(port) && (await portIsFree(port))) {
        picked.add(port);
        return port;
      }
    }
    const port = await bind(0);
    picked.add(port);
    return port;
  };
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function portIsFree(port) {
  return bind(port).then(
    () => true,
    () => false,
  );
}

/**
 * @param {number} port
 * @returns {Promise<number>}
 */
function bind(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? port) : port));
    });
  });
}
