import type { Sandbox as E2bSandbox } from 'e2b';
import { resolveFileInHome } from './guest-path.ts';
import { fromProvider } from './provider-error.ts';
import { InvalidPath, SandboxError } from './sandbox-error.ts';

const MIB = 1024 * 1024;
/** Requests at once of one upload or download. */
const PARALLEL = 8;
/** A file larger than this is refused: it is held in memory. */
export const MAX_FILE_BYTES = 100 * MIB;

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const pending = items.values();
  async function work(): Promise<void> {
    for (const item of pending) await act(item);
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, work));
}

/** @throws InvalidPath before anything is sent, when any path is wrong */
export async function uploadFiles(
  sandbox: E2bSandbox,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const targets = Object.entries(files).map(([path, content]) => ({
    path: resolveFileInHome(path),
    content,
  }));
  const paths = new Set(targets.map(({ path }) => path));
  if (paths.size < targets.length) {
    throw new InvalidPath('Two of the paths name the same file.');
  }
  try {
    await inParallel(targets, async ({ path, content }) => {
      // As octets, so that the path travels in the query and no form encoding changes it.
      const data = typeof content === 'string' ? content : new Blob([new Uint8Array(content)]);
      await sandbox.files.write(path, data, { useOctetStream: true });
    });
  } catch (error) {
    throw fromProvider(error);
  }
}

async function downloadFile(sandbox: E2bSandbox, path: string): Promise<Uint8Array> {
  const stream = await sandbox.files.read(path, { format: 'stream' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) {
      throw new SandboxError('file_too_large', `'${path}' is over ${MAX_FILE_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** The contents by the paths as they were given. */
export async function downloadFiles(
  sandbox: E2bSandbox,
  paths: readonly string[],
): Promise<Record<string, Uint8Array>> {
  const sources = paths.map((given) => ({ given, path: resolveFileInHome(given) }));
  const contents = new Map<string, Uint8Array>();
  try {
    await inParallel(sources, async ({ given, path }) => {
      contents.set(given, await downloadFile(sandbox, path));
    });
  } catch (error) {
    throw fromProvider(error);
  }
  return Object.fromEntries(contents);
}
