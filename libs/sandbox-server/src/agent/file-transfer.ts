import { constants, type Stats } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { namedGuestPath } from './guest-path.ts';
import { fileError, ProtocolError } from './protocol-error.ts';
import { readBody } from './read-body.ts';

/** Multi-part bodies are parsed in memory; single uploads are streamed and have no such limit. */
const MAX_MULTIPART_BYTES = 64 * 1024 * 1024;

/** A fifo would block the open and a device would not be a file: both are refused. */
async function openRegular(path: string, flags: number): Promise<[FileHandle, Stats]> {
  const file = await open(path, flags | constants.O_NONBLOCK, 0o644);
  const stats = await file.stat();
  if (stats.isFile()) return [file, stats];
  await file.close();
  throw new ProtocolError(
    'invalid_argument',
    stats.isDirectory() ? `path '${path}' is a directory` : `path '${path}' is not a regular file`,
  );
}

/** `GET /files?path=`: the bytes of one regular file. */
export async function download(
  query: URLSearchParams,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  const path = namedGuestPath(query.get('path') ?? undefined);
  let file: FileHandle;
  let stats: Stats;
  try {
    [file, stats] = await openRegular(path, constants.O_RDONLY);
  } catch (error) {
    throw fileError(error, path);
  }
  const source = file.createReadStream();
  if (request.headers['accept-encoding'] === 'gzip') {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-encoding': 'gzip',
    });
    await pipeline(source, createGzip(), response);
    return;
  }
  // Only an empty file gets a length (the SDK asks for it): another may grow while it is sent.
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    ...(stats.size === 0 ? { 'content-length': 0 } : {}),
  });
  await pipeline(source, response);
}

interface Written {
  path: string;
  name: string;
  type: 'file';
}

async function write(path: string, source: Readable): Promise<Written> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const [file] = await openRegular(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
    );
    await pipeline(source, file.createWriteStream());
  } catch (error) {
    source.destroy();
    throw fileError(error, path);
  }
  return { path, name: basename(path), type: 'file' };
}

/** `POST /files?path=`: one file as octets, or several as multi-part form data. */
export async function upload(
  query: URLSearchParams,
  request: Http2ServerRequest,
): Promise<Written[]> {
  const type = request.headers['content-type'] ?? '';
  const named = query.get('path') ?? undefined;
  if (type.startsWith('application/octet-stream')) {
    const path = namedGuestPath(named);
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'gzip') {
      throw new ProtocolError('unimplemented', `content encoding '${encoding}' is not supported`);
    }
    return [await write(path, encoding === 'gzip' ? request.pipe(createGunzip()) : request)];
  }
  if (!type.startsWith('multipart/form-data')) {
    throw new ProtocolError('invalid_argument', 'the body must be octets or multi-part form data');
  }
  const body = await readBody(request, MAX_MULTIPART_BYTES);
  let form: FormData;
  try {
    const parsed = new Response(new Uint8Array(body), { headers: { 'content-type': type } });
    // The deprecation is about bodies without a bound; this one is bounded above.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    form = await parsed.formData();
  } catch {
    throw new ProtocolError('invalid_argument', 'the multi-part body cannot be read');
  }
  const written: Written[] = [];
  for (const part of form.getAll('file')) {
    // A field of a form is a file, too, where the query names it.
    if (typeof part === 'string' && named === undefined) {
      throw new ProtocolError('invalid_argument', 'a part has no file name');
    }
    const path = namedGuestPath(named ?? (part as File).name);
    const bytes = typeof part === 'string' ? part : await part.arrayBuffer();
    written.push(await write(path, Readable.from(Buffer.from(bytes as ArrayBuffer))));
  }
  return written;
}
