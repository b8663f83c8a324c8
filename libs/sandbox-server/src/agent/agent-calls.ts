import type { Message } from './message.ts';
import type { EventSink } from './processes.ts';

/** A call of the protocol with one answer. */
export type Unary = (request: Message) => unknown;

/** A call whose answers are sent into `sink`; it ends when the promise does. */
export type Streaming = (request: Message, sink: EventSink) => Promise<void>;

/** What a part of the agent serves, by path: `/process.Process/Start`. */
export interface AgentCalls {
  readonly unary: Readonly<Record<string, Unary>>;
  readonly streaming: Readonly<Record<string, Streaming>>;
}
