import type { StartedTestContainer } from 'testcontainers';
import type { RedisHost } from './redis-server.ts';

/** Whether a Docker engine can be reached the way Testcontainers would. */
export async function dockerAnswers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}

/** A container whose port 6379 is `port` of the loopback interface; its data live as long as it. */
export async function redisContainer(
  image: string,
  port: number,
  args: readonly string[],
): Promise<RedisHost> {
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers');
  const { container: engine } = await getContainerRuntimeClient();
  let container: StartedTestContainer | undefined;
  let running = false;
  return {
    async start() {
      if (container === undefined) {
        container = await new GenericContainer(image)
          .withCommand(['redis-server', '--protected-mode', 'no', ...args])
          .withExposedPorts({ container: 6379, host: port })
          .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
          .start();
      } else {
        await engine.getById(container.getId()).start();
      }
      running = true;
    },
    async end(signal) {
      if (container === undefined || !running) return;
      running = false;
      const handle = engine.getById(container.getId());
      await handle.kill({ signal });
      await handle.wait();
    },
    async remove() {
      await container?.stop();
      container = undefined;
    },
  };
}
