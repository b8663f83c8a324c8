/**
 * A multi-part body (RFC 7578) as a stream: of the body only what a delimiter could still hide in
 * is held, so a file may be as large as the disk. Headers are small or the body is refused.
 */
import { ProtocolError } from './protocol-error.ts';

/** Bytes of all headers of one part. */
const MAX_HEADER_BYTES = 16 * 1024;
const NEW_LINE = Buffer.from('\r\n');
const END = '--';

/** One part; what is left of its content is skipped when the next one is asked for. */
export interface Part {
  /** Name of the form's field. */
  readonly name: string;
  /** Absent for a field that is no file. */
  readonly fileName: string | undefined;
  readonly content: AsyncIterable<Buffer>;
}

function malformed(reason: string): ProtocolError {
  return new ProtocolError('invalid_argument', `the multi-part body cannot be read: ${reason}`);
}

/**
 * The boundary that a content type names.
 *
 * @throws ProtocolError `invalid_argument` when there is none of 1 to 70 characters (RFC 2046)
 */
export function boundaryOf(contentType: string): string {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? token ?? '';
  if (!/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) {
    throw malformed('its content type names no boundary');
  }
  return boundary;
}

/** Bytes in order, up to one mark after the other. */
class Scanner {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The bytes before `mark`, which is taken too. */
  async *until(mark: Buffer): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at >= 0) {
        const before = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + mark.length);
        if (before.length > 0) yield before;
        return;
      }
      // The mark may have begun in the last bytes.
      const safe = this.#held.length - mark.length + 1;
      if (safe > 0) {
        const before = this.#held.subarray(0, safe);
        this.#held = this.#held.subarray(safe);
        yield before;
      }
      await this.#more();
    }
  }

  /** As text, one character a byte. */
  async take(length: number): Promise<string> {
    while (this.#held.length < length) await this.#more();
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken.toString('latin1');
  }

  /** The rest is read and dropped: who sends it waits until it is taken. */
  async skipRest(): Promise<void> {
    this.#held = Buffer.alloc(0);
    while ((await this.#source.next()).done !== true);
  }

  /** Nothing more is wanted of the source. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw malformed('it ends before its last boundary');
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
  }
}

async function readHeaders(scanner: Scanner): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  let room = MAX_HEADER_BYTES;
  for (;;) {
    const pieces: Buffer[] = [];
    for await (const piece of scanner.until(NEW_LINE)) {
      room -= piece.length;
      if (room < 0) throw malformed(`the headers of a part are over ${MAX_HEADER_BYTES} bytes`);
      pieces.push(piece);
    }
    if (pieces.length === 0) return headers;
    const [, name, value] = /^([^\s:]+):(.*)$/s.exec(Buffer.concat(pieces).toString('utf8')) ?? [];
    if (name === undefined || value === undefined) throw malformed('a header has no name');
    room -= NEW_LINE.length;
    headers.set(name.toLowerCase(), value.trim());
  }
}

/**
 * The parameters of a Content-Disposition. Browsers and SDKs write a quote or a line's end in a
 * name as `%22`, `%0D`, `%0A`, and escape nothing else.
 */
function parametersOf(disposition: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, token] of disposition.matchAll(
    /;\s*([\w*-]+)=(?:"([^"]*)"|([^\s;"]+))/g,
  )) {
    const value = quoted ?? token ?? '';
    parameters.set(
      name.toLowerCase(),
      value.replaceAll(/%(?:22|0A|0D)/gi, (escape) => decodeURIComponent(escape)),
    );
  }
  return parameters;
}

async function* partsOf(
  scanner: Scanner,
  delimiter: Buffer,
): AsyncGenerator<Part, void, undefined> {
  const first = await scanner.take(delimiter.length - NEW_LINE.length);
  if (`\r\n${first}` !== delimiter.toString('latin1')) {
    throw malformed('it does not begin with its boundary');
  }
  for (;;) {
    const after = await scanner.take(END.length);
    if (after === END) {
      await scanner.skipRest();
      return;
    }
    if (after !== '\r\n') throw malformed('a boundary is followed by neither a part nor the end');
    const disposition = (await readHeaders(scanner)).get('content-disposition') ?? '';
    const parameters = parametersOf(disposition);
    const name = parameters.get('name');
    if (!/^form-data\s*;/i.test(disposition) || name === undefined) {
      throw malformed('a part has no name');
    }
    const content = scanner.until(delimiter);
    // Without `return`: a reader that stops early must not end what is to be skipped below.
    const next = () => content.next();
    yield {
      name,
      fileName: parameters.get('filename'),
      content: { [Symbol.asyncIterator]: () => ({ next }) },
    };
    while ((await content.next()).done !== true);
  }
}

/**
 * The parts of a multi-part body, each to be read before the next is asked for.
 *
 * @throws ProtocolError `invalid_argument` when the body is not well-formed or ends early
 */
export async function* multipart(
  source: AsyncIterable<Buffer>,
  boundary: string,
): AsyncGenerator<Part, void, undefined> {
  const scanner = new Scanner(source);
  try {
    yield* partsOf(scanner, Buffer.from(`\r\n--${boundary}`, 'latin1'));
  } finally {
    await scanner.close();
  }
}
