import { ProtocolError } from './protocol-error.ts';

/** A decoded JSON message. Fields are read through the functions below, never trusted. */
export type Message = Readonly<Record<string, unknown>>;

export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseMessage(bytes: Uint8Array): Message {
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new ProtocolError('invalid_argument', 'the message is not JSON');
  }
  if (!isMessage(value)) {
    throw new ProtocolError('invalid_argument', 'the message is not a JSON object');
  }
  return value;
}

function wrongType(field: string, expected: string): ProtocolError {
  return new ProtocolError('invalid_argument', `${field} must be ${expected}`);
}

export function text(message: Message, field: string): string | undefined {
  const value = message[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(field, 'a string');
  return value;
}

export function flag(message: Message, field: string): boolean | undefined {
  const value = message[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(field, 'a boolean');
  return value;
}

export function count(message: Message, field: string): number | undefined {
  const value = message[field];
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw wrongType(field, 'a natural number');
  return number;
}

export function child(message: Message, field: string): Message {
  const value = message[field];
  if (value === undefined || value === null) return {};
  if (!isMessage(value)) throw wrongType(field, 'an object');
  return value;
}

export function texts(message: Message, field: string): string[] {
  const value = message[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw wrongType(field, 'a list of strings');
  }
  return value;
}

export function textMap(message: Message, field: string): Record<string, string> {
  const entries = Object.entries(child(message, field));
  for (const [key, value] of entries) {
    if (typeof value !== 'string' || key === '' || /[=\0]/.test(key) || value.includes('\0')) {
      throw wrongType(field, 'a map of names to strings');
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}
