export interface SseMessage {
  /** The stream's last id when the message ended; empty when the stream gave none. */
  id: string;
  event: string;
  data: string;
}

/**
 * Reads an event stream (WHATWG HTML, section 9.2.6) that arrives in pieces cut anywhere. A message
 * whose blank line has not come is not given out and its id does not count.
 */
export class SseParser {
  /** Where to resume: the id of the last whole message. */
  lastEventId: string | undefined;
  /** Milliseconds that the server asked to wait before a reconnection. */
  retry: number | undefined;
  #rest = '';
  #afterCarriageReturn = false;
  #id: string | undefined;
  #event = '';
  #data: string[] = [];

  constructor(lastEventId?: string) {
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  /** The messages that `text` completes. */
  push(text: string): SseMessage[] {
    const messages: SseMessage[] = [];
    // A line feed at the start may be the second half of a line end that was cut.
    const fresh = this.#afterCarriageReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.#afterCarriageReturn = text.endsWith('\r');
    const lines = (this.#rest + fresh).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') this.#dispatch(messages);
      else this.#field(line);
    }
    return messages;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  #dispatch(messages: SseMessage[]): void {
    this.lastEventId = this.#id;
    if (this.#data.length > 0) {
      messages.push({
        id: this.#id ?? '',
        event: this.#event === '' ? 'message' : this.#event,
        data: this.#data.join('\n'),
      });
    }
    this.#event = '';
    this.#data = [];
  }
}
