/**
 * The agent: runs inside the sandbox and speaks E2B's envd protocol (Connect-RPC in JSON, and
 * plain HTTP for file contents) over one inherited byte stream. It is part of the guest: the
 * server treats all that it says as hostile, and lets in only who may call it.
 *
 * `node main.js fd` uses file descriptor 3 (a socket pair), and 5 for the way out of a guest that
 * has one; `node main.js stdio` uses the standard streams (a container's attached streams).
 */
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { joinCalls, type AgentCalls, type Streaming } from './agent-calls.ts';
import { endFrame, messageFrame, readRequestFrame } from './connect-frames.ts';
import { proxyEnvironment, startEgressBridge } from './egress-bridge.ts';
import type { EventSink } from './event-sink.ts';
import { FileMetadata } from './file-metadata.ts';
import { fileTransferCalls } from './file-transfer.ts';
import { filesystemCalls } from './filesystem-calls.ts';
import { child, count, parseMessage, textMap, type Message } from './message.ts';
import { processCalls, Processes } from './processes.ts';
import { fileError, ProtocolError } from './protocol-error.ts';
import { readBody, skipBody } from './read-body.ts';
import { watchCalls } from './watch-calls.ts';

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const STREAM_TYPE = 'application/connect+json';
const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const EGRESS_FD = 5;

/** What the agent serves is known once the server has told it whose it is. */
let calls: Required<AgentCalls> | undefined;

async function becomeSandbox(init: Message): Promise<Required<AgentCalls>> {
  const egressPort = count(child(init, 'egress'), 'port');
  const environment = {
    ...(egressPort === undefined ? {} : proxyEnvironment(egressPort)),
    ...textMap(init, 'envs'),
  };
  if (egressPort !== undefined && process.argv[2] === 'fd') {
    await startEgressBridge(new Socket({ fd: EGRESS_FD }), egressPort);
  }
  const processes = new Processes(environment, {
    maxOutputBytes: count(init, 'maxOutputBytes') ?? DEFAULT_MAX_OUTPUT_BYTES,
  });
  const notes = new FileMetadata();
  return joinCalls([
    processCalls(processes),
    filesystemCalls(notes),
    fileTransferCalls(notes),
    watchCalls(notes),
    { http: { 'GET /envs': () => environment } },
  ]);
}

function answerJson(response: Http2ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sinkOf(request: Http2ServerRequest, response: Http2ServerResponse): EventSink {
  const given = Number(request.headers['connect-timeout-ms']);
  return {
    timeoutMs: Number.isFinite(given) && given > 0 ? given : undefined,
    send: (message) => response.destroyed || response.write(messageFrame(message)),
    onDrain: (listener) => response.on('drain', listener),
    onClose: (listener) => response.once('close', listener),
  };
}

async function answerStream(
  call: Streaming,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  const message = readRequestFrame(await readBody(request, MAX_MESSAGE_BYTES));
  response.writeHead(200, { 'content-type': STREAM_TYPE });
  const sink = sinkOf(request, response);
  try {
    await call(message, sink);
    response.end(endFrame());
  } catch (error) {
    const { code, message: reason } = fileError(error, '');
    response.end(endFrame({ code, message: reason }));
  }
}

async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  const url = new URL(request.url, 'http://guest');
  if (url.pathname === '/health') {
    response.writeHead(204).end();
    return;
  }
  if (url.pathname === '/init' && calls === undefined) {
    calls = await becomeSandbox(parseMessage(await readBody(request, MAX_MESSAGE_BYTES)));
    response.writeHead(204).end();
    return;
  }
  if (calls === undefined) {
    throw new ProtocolError('failed_precondition', 'the sandbox is not ready');
  }
  const httpCall = ownValue(calls.http, `${request.method} ${url.pathname}`);
  if (httpCall !== undefined) {
    const result = await httpCall(url.searchParams, request, response);
    if (result !== undefined) answerJson(response, 200, result);
    return;
  }
  const unaryCall = ownValue(calls.unary, url.pathname);
  if (unaryCall !== undefined) {
    const message = parseMessage(await readBody(request, MAX_MESSAGE_BYTES));
    answerJson(response, 200, await unaryCall(message));
    return;
  }
  const streamingCall = ownValue(calls.streaming, url.pathname);
  if (streamingCall !== undefined) {
    await answerStream(streamingCall, request, response);
    return;
  }
  throw new ProtocolError('unimplemented', `${url.pathname} is not supported by this server`);
}

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isStreamingCall(request: Http2ServerRequest): boolean {
  return request.headers['content-type']?.startsWith(STREAM_TYPE) === true;
}

function isPlainHttp(request: Http2ServerRequest): boolean {
  return /^\/(?:files|envs)(?:\?|$)/.test(request.url);
}

function answerError(
  error: unknown,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): void {
  const { code, status, message } = fileError(error, '');
  if (response.headersSent) {
    response.stream.destroy();
  } else if (isStreamingCall(request)) {
    // A streaming call reports its errors in its last frame.
    response.writeHead(200, { 'content-type': STREAM_TYPE });
    response.end(endFrame({ code, message }));
  } else {
    // `code` is a word for Connect's callers and a number for callers of plain HTTP.
    answerJson(response, status, { code: isPlainHttp(request) ? status : code, message });
  }
}

function channel(kind: string | undefined): Duplex {
  if (kind === 'stdio') return Duplex.from({ readable: process.stdin, writable: process.stdout });
  return new Socket({ fd: 3 });
}

// As many headers as an HTTP/1 request of 16 KiB can hold: a file's metadata comes in them.
const server = createServer({ maxHeaderListPairs: 2048 }, (request, response) => {
  answer(request, response).catch(async (error: unknown) => {
    await skipBody(request);
    answerError(error, request, response);
  });
});
const stream = channel(process.argv[2]);
// The server holds the other end: when it goes, the sandbox has no reason to be.
stream.on('close', () => process.exit(0));
stream.on('error', () => process.exit(0));
server.emit('connection', stream);
