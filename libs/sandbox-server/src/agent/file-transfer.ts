import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { AgentCalls } from './agent-calls.ts';
import { metadataOf, type FileMetadata } from './file-metadata.ts';
import { namedGuestPath } from './guest-path.ts';
import { boundaryOf, multipart } from './multipart.ts';
import { fileError, ProtocolError } from './protocol-error.ts';
import { bodyOf } from './read-body.ts';
import { openRegular, Upload, type WrittenFile } from './upload.ts';

/** The answer names each one, and has to fit in memory. */
const MAX_PARTS = 10_000;

/** `GET /files?path=`: the bytes of one regular file. */
async function download(
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

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip();
  const fed = pipeline(source, gunzip);
  fed.catch(() => {
    // It fails whoever reads `gunzip`, too.
  });
  yield* gunzip as AsyncIterable<Buffer>;
  await fed;
}

/** `POST /files?path=`: one file as octets, or several as multi-part form data. */
async function upload(
  notes: FileMetadata,
  query: URLSearchParams,
  request: Http2ServerRequest,
): Promise<WrittenFile[]> {
  const type = request.headers['content-type'] ?? '';
  const named = query.get('path') ?? undefined;
  const isForm = type.startsWith('multipart/form-data');
  if (!isForm && !type.startsWith('application/octet-stream')) {
    throw new ProtocolError('invalid_argument', 'the body must be octets or multi-part form data');
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new ProtocolError('unimplemented', `content encoding '${encoding}' is not supported`);
  }
  const files = new Upload(notes, metadataOf(request.headers));
  const body = encoding === 'gzip' ? gunzipped(bodyOf(request)) : bodyOf(request);
  try {
    if (!isForm) return [await files.write(namedGuestPath(named), body)];
    const written: WrittenFile[] = [];
    for await (const part of multipart(body, boundaryOf(type))) {
      if (part.name !== 'file') continue;
      const name = named ?? part.fileName;
      // A field of a form is a file, too, where the query names it.
      if (name === undefined) {
        throw new ProtocolError('invalid_argument', 'a part has no file name');
      }
      if (written.length === MAX_PARTS) {
        throw new ProtocolError('resource_exhausted', `over ${MAX_PARTS} files at once`, 413);
      }
      written.push(await files.write(namedGuestPath(name), part.content));
    }
    return written;
  } catch (error) {
    await files.takeBack();
    throw error;
  }
}

export function fileTransferCalls(notes: FileMetadata): AgentCalls {
  return {
    http: {
      'GET /files': download,
      'POST /files': (query, request) => upload(notes, query, request),
    },
  };
}
