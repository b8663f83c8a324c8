import type { Event, NewEvent } from '@ae/contracts';

/** The ordered log that clients follow. The newest 100,000 events are kept. */
export interface EventLog {
  append(event: NewEvent): Promise<Event>;
  /** The cursor of the newest event; following it gives what comes next. */
  newest(): Promise<string>;
  /** Events after a cursor, oldest first, at most `limit`. */
  read(after: string, limit: number): Promise<Event[]>;
  /** Calls back whenever there may be new events. Returns how to stop. */
  onAppend(listener: () => void): () => void;
}

export const MAX_EVENTS = 100_000;

/** Whether the cursor `a` lies after `b`: it comes from a log that was there before. */
export function isAfter(a: string, b: string): boolean {
  const [time = 0, position = 0] = a.split('-').map(Number);
  const [otherTime = 0, otherPosition = 0] = b.split('-').map(Number);
  return time === otherTime ? position > otherPosition : time > otherTime;
}

/** Whether a text can be a cursor that this log gave. */
export function isCursor(text: string): boolean {
  return /^\d{1,15}(-\d{1,15})?$/.test(text);
}
