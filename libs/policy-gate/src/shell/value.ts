/**
 * A shell word after expansion. What the analysis cannot know is kept inside the text as marker
 * characters, so that a path such as `$DIR/node_modules` keeps the part that is known. Input that
 * contains a marker itself never reaches the evaluation (see limits.ts).
 */
export interface Value {
  text: string;
  /** Union of {@link Taint} bits: where the text came from. */
  taint: number;
  start: number;
  end: number;
}

/** Stands for any text, also the empty one, that is not known. */
export const UNKNOWN = '\u0000';
/** An active `*` (or extended glob): any run of characters. */
export const STAR = '\u0001';
/** An active `?` or bracket expression: one character. */
export const ANY_CHARACTER = '\u0002';

export const Taint = {
  none: 0,
  /** Came over the network. */
  network: 1,
  /** Was decoded (base64, xxd, ...), so its plain text was hidden. */
  decoded: 2,
  /** Contains a credential. */
  secret: 4,
  /** Printed by a tool whose output is meant to be evaluated (`ssh-agent -s`, `brew shellenv`). */
  shellSetup: 8,
  /** Read from a file of the machine: running it is what running that file would be. */
  file: 16,
  /** Printed by a shell that takes its commands from elsewhere. */
  shell: 32,
  /** A single secret variable: everyday in the header of a request, not in what is printed. */
  secretVariable: 64,
  /** The whole of a workspace or a database. */
  bulk: 128,
} as const;

export function hasUnknown(text: string): boolean {
  return text.includes(UNKNOWN);
}

export function hasGlob(text: string): boolean {
  return text.includes(STAR) || text.includes(ANY_CHARACTER);
}

/** No marker of any kind: the text is exactly what the shell will pass on. */
export function isExact(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) < 3) return false;
  }
  return true;
}

/** The text for people: markers as `*`, `?` and `<unknown>`. */
export function display(text: string): string {
  if (isExact(text)) return text;
  return text.replaceAll(UNKNOWN, '<unknown>').replaceAll(STAR, '*').replaceAll(ANY_CHARACTER, '?');
}

/** What a command writes to its output, as far as it is known. */
export interface Stream {
  /** With markers; `UNKNOWN` alone when nothing is known. */
  text: string;
  taint: number;
}

export const SILENT: Stream = Object.freeze({ text: '', taint: 0 });
export const UNKNOWN_STREAM: Stream = Object.freeze({ text: UNKNOWN, taint: 0 });
