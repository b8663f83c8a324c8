import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createPortPicker, portIsFree } from './ports.mjs';

async function occupy(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

describe('ports', () => {
  it('takes another port when the wished one is in use', async () => {
    const { port, server } = await occupy();
    expect(await portIsFree(port)).toBe(false);
    const picked = await createPortPicker()(port);
    expect(picked).not.toBe(port);
    expect(await portIsFree(picked)).toBe(true);
    server.close();
  });

  it('takes the wished port when it is free, and none twice', async () => {
    const { port, server } = await occupy();
    await new Promise((resolve) => server.close(resolve));
    const pick = createPortPicker();
    expect(await pick(port)).toBe(port);
    expect(await pick(port)).not.toBe(port);
  });
});
