import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { EventSink } from './event-sink.ts';
import type { Message } from './message.ts';

/** A call of the protocol with one answer. */
export type Unary = (request: Message) => unknown;

/** A call whose answers are sent into `sink`; it ends when the promise does. */
export type Streaming = (request: Message, sink: EventSink) => Promise<void>;

/** A call in plain HTTP; it answers by itself, or with what becomes the JSON of a 200. */
export type HttpCall = (
  query: URLSearchParams,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
) => unknown;

/** What a part of the agent serves. */
export interface AgentCalls {
  /** By path: `/process.Process/List`. */
  readonly unary?: Readonly<Record<string, Unary>>;
  readonly streaming?: Readonly<Record<string, Streaming>>;
  /** By method and path: `GET /files`. */
  readonly http?: Readonly<Record<string, HttpCall>>;
}

/** All parts as one. */
export function joinCalls(parts: readonly AgentCalls[]): Required<AgentCalls> {
  return {
    unary: Object.assign({}, ...parts.map(({ unary }) => unary)) as Record<string, Unary>,
    streaming: Object.assign({}, ...parts.map(({ streaming }) => streaming)) as Record<
      string,
      Streaming
    >,
    http: Object.assign({}, ...parts.map(({ http }) => http)) as Record<string, HttpCall>,
  };
}
