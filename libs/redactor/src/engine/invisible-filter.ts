import { CodeSet } from './char-class.ts';

/** Text that a reader does not see and a scan does not read: where it stood in the visible text. */
export interface InvisiblePiece {
  /** Index in the visible text before which it stood. */
  at: number;
  readonly text: string;
  /** Units of this piece and of all before it. */
  readonly total: number;
}

/** How many of the pieces stood before an index. */
export function countPiecesBefore(pieces: readonly InvisiblePiece[], index: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle] as InvisiblePiece).at < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

const ESCAPE = '\u001b';
/** The one unit that stands for ESC and the bracket. */
const CONTROL_SEQUENCE = '\u009b';
const NUL = '\0';
const SOFT_HYPHEN = '\u00ad';
/**
 * Spaces, joiners, marks of direction and selectors without width, byte order mark, NUL: one expression for what would be
 * looked for slowly in a text of units of 16 bits. {@link WIDE} costs nothing in a text of Latin-1.
 */
const WIDE_INVISIBLE = /[\0\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]/g;
const WIDE = /[\u0100-\uffff]/;

/** Escape as programs write it in letters, in logs and in JSON, with the bracket of a change of colour. */
const WRITTEN_ESCAPES = ['\\x1b[', '\\x1B[', '\\u001b[', '\\u001B[', '\\033[', '\\e[', '^[['];
const LONGEST_WRITTEN_ESCAPE = 7;
const COLOUR = /[0-9;]{0,20}m/y;
const COLOUR_BEGINNING = /[0-9;]{0,20}$/y;

/** What announces text in which a line that ends in `=` goes on in the next one (RFC 2045, section 6.7). */
const QUOTED_PRINTABLE = 'quoted-printable';

/** A line end that does not count, or what may become one. */
const SOFT_BREAK = /=(?=\r?(?:\n|$))/g;

/** Hidden units that a unit of visible text makes room for, and the most that are hidden at one place. */
const HIDDEN_PER_VISIBLE = 24;
const MOST_HIDDEN = 4096;

/**
 * Control sequences of ECMA-48 that programs write in the middle of a line: colours, erasing, the column, modes. Only
 * these, lest an unfinished one take the first letter of a word. Titles and links (OSC) are not among them: their text
 * may hold a secret.
 */
const SEQUENCE = /(?:\u001b\[|\u009b)(?:[0-9;:]{0,32}[mKJHG]|\?[0-9;]{1,16}[hl])|\u001b[()][AB0]/y;
/** What may become such a sequence with more text. */
const BEGINNING = /(?:\u001b\[|\u009b)(?:[0-9;:]{0,32}|\?[0-9;]{0,16})$|\u001b[()]?$/y;

/**
 * Takes out what is not seen, so that a secret with a colour change, a zero-width space, or the zero bytes of UTF-16
 * between its letters is read as one word. It is put back where nothing was masked.
 */
export class InvisibleFilter {
  private pending = '';
  /** The last units before the pending ones. */
  private context = '';
  private isQuotedPrintable = false;
  private total = 0;
  /**
   * Units that may yet be hidden. Text that is hidden is held back with what it stands in: were there no end of it, nor
   * would there be of what is held. What is beyond passes for visible text.
   */
  private room = MOST_HIDDEN;

  /**
   * The visible part of the next piece of input; `pieces` gets the rest, with places counted from `offset`.
   *
   * @param isClear that {@link mayHoldInvisible} has been asked about the piece, and found nothing.
   */
  take(
    chunk: string,
    final: boolean,
    offset: number,
    pieces: InvisiblePiece[],
    isClear = false,
  ): string {
    const text = this.pending + chunk;
    const isKnown = isClear && this.pending === '' && !endsInPart(text);
    this.pending = '';
    const softBreaksFrom = this.findSoftBreaks(text);
    const openings = new Openings(text, softBreaksFrom);
    let at = isKnown && softBreaksFrom === Infinity ? Infinity : openings.next(0);
    if (at === Infinity) {
      if (text !== '') this.remember(text);
      this.makeRoom(text.length);
      return text;
    }
    let visible = '';
    let from = 0;
    let hidden = '';
    const flush = (): void => {
      if (hidden === '') return;
      this.total += hidden.length;
      pieces.push({ at: offset + visible.length, text: hidden, total: this.total });
      hidden = '';
    };
    const hide = (start: number, end: number): void => {
      if (start > from) {
        flush();
        visible += text.slice(from, start);
        this.makeRoom(start - from);
        from = start;
      }
      if (end - start > this.room) return;
      this.room -= end - start;
      hidden += text.slice(start, end);
      from = end;
    };
    while (at !== Infinity) {
      const length = this.invisibleUnits(text, at, final);
      if (length < 0) {
        this.pending = text.slice(at);
        break;
      }
      if (length > 0) hide(at, at + length);
      at = openings.next(at + Math.max(1, length));
    }
    const end = text.length - this.pending.length;
    flush();
    this.remember(text.slice(0, end));
    this.makeRoom(end - from);
    return visible + text.slice(from, end);
  }

  private makeRoom(visible: number): void {
    this.room = Math.min(MOST_HIDDEN, this.room + visible * HIDDEN_PER_VISIBLE);
  }

  private remember(text: string): void {
    const units = QUOTED_PRINTABLE.length - 1;
    this.context = (this.context + text.slice(-units)).slice(-units);
  }

  /** From which index on `=` may end a line that goes on: behind the header that says so. */
  private findSoftBreaks(text: string): number {
    if (this.isQuotedPrintable) return 0;
    const units = QUOTED_PRINTABLE.length;
    // Over the seam of two chunks first: the long text is not copied.
    const atSeam = (this.context + text.slice(0, units)).indexOf(QUOTED_PRINTABLE);
    const found = atSeam < 0 ? indexOfQuotedPrintable(text) : atSeam - this.context.length;
    if (atSeam < 0 && found < 0) return Infinity;
    this.isQuotedPrintable = true;
    return found + units;
  }

  /** Units of an invisible sequence at an index: 0 when none stands there, -1 when that depends on what follows. */
  private invisibleUnits(text: string, at: number, final: boolean): number {
    const unit = text.charAt(at);
    if (unit === ESCAPE || unit === CONTROL_SEQUENCE) {
      SEQUENCE.lastIndex = at;
      if (SEQUENCE.test(text)) return SEQUENCE.lastIndex - at;
      BEGINNING.lastIndex = at;
      return !final && BEGINNING.test(text) ? -1 : 0;
    }
    if (unit === '\\' || unit === '^') return writtenColourUnits(text, at, final);
    if (unit === '=') return softBreakUnits(text, at, final);
    if (unit !== NUL) return 1;
    // UTF-16 read as bytes has a zero at every other place; a lone one ends a string.
    const before = this.context + text.slice(Math.max(0, at - 2), at);
    if (before.at(-2) === NUL && before.at(-1) !== NUL) return 1;
    if (at + 2 >= text.length) return final ? 0 : -1;
    return text.charAt(at + 2) === NUL && text.charAt(at + 1) !== NUL ? 1 : 0;
  }
}

/** Short strings are looked for many times as fast as long ones. */
function indexOfQuotedPrintable(text: string): number {
  let at = text.indexOf('quoted');
  while (at >= 0 && !text.startsWith(QUOTED_PRINTABLE, at)) at = text.indexOf('quoted', at + 1);
  return at;
}

/** Where something invisible may begin in a text: each kind is looked for by itself, which the machine does fast. */
class Openings {
  private readonly text: string;
  private readonly searches: readonly Search[];
  /** The next place of each kind, from the last one asked for on. */
  private readonly places = [-1, -1, -1, -1, -1, -1, -1];

  /** @param softBreaksFrom from which index on `=` may end a line that goes on; Infinity where none does. */
  constructor(text: string, softBreaksFrom: number) {
    this.text = text;
    this.searches = WIDE.test(text) ? WIDE_SEARCHES : SEARCHES;
    if (softBreaksFrom === Infinity) this.places[SOFT_BREAKS] = Infinity;
    else this.places[SOFT_BREAKS] = searchSoftBreak(text, softBreaksFrom);
  }

  /** The first place at an index or behind it; Infinity where there is none. */
  next(from: number): number {
    const { text, searches, places } = this;
    let next = Infinity;
    for (let kind = 0; kind < searches.length; kind++) {
      let place = places[kind] as number;
      if (place < from) {
        place = (searches[kind] as Search)(text, from);
        places[kind] = place;
      }
      if (place < next) next = place;
    }
    return next;
  }
}

/** Where something begins at an index or behind it; Infinity where nothing does. */
type Search = (text: string, from: number) => number;

/** The order of the searches: that for soft breaks comes first. */
const SOFT_BREAKS = 0;

const COMMON_SEARCHES: readonly Search[] = [
  searchSoftBreak,
  ...[ESCAPE, CONTROL_SEQUENCE, SOFT_HYPHEN].map(searchUnit),
  // Of the escapes in letters the next unit must stand there too, or come yet.
  (text, from) => {
    let at = text.indexOf('\\', from);
    while (at >= 0 && at + 1 < text.length && !SECOND_UNITS.has(text.charCodeAt(at + 1)))
      at = text.indexOf('\\', at + 1);
    return placeOf(at);
  },
  (text, from) => {
    const at = text.indexOf('^[', from);
    return at < 0 && from < text.length && text.endsWith('^') ? text.length - 1 : placeOf(at);
  },
];
const SEARCHES: readonly Search[] = [...COMMON_SEARCHES, searchUnit(NUL)];
const WIDE_SEARCHES: readonly Search[] = [
  ...COMMON_SEARCHES,
  (text, from) => {
    WIDE_INVISIBLE.lastIndex = from;
    return placeOf(WIDE_INVISIBLE.exec(text)?.index ?? -1);
  },
];

function searchUnit(unit: string): Search {
  return (text, from) => placeOf(text.indexOf(unit, from));
}

function searchSoftBreak(text: string, from: number): number {
  SOFT_BREAK.lastIndex = from;
  return placeOf(SOFT_BREAK.exec(text)?.index ?? -1);
}

/** Behind the backslash of {@link WRITTEN_ESCAPES}. */
const SECOND_UNITS = new CodeSet('xu0e');

function placeOf(index: number): number {
  return index < 0 ? Infinity : index;
}

/** Whether a text has a unit that the filter has to look at. */
export function mayHoldInvisible(text: string): boolean {
  return (
    text.includes(ESCAPE) ||
    text.includes(CONTROL_SEQUENCE) ||
    text.includes(SOFT_HYPHEN) ||
    text.includes('^[[') ||
    holdsWrittenEscape(text) ||
    (WIDE.test(text) ? text.search(WIDE_INVISIBLE) >= 0 : text.includes(NUL))
  );
}

/** Whether an escape stands in a text in letters, behind a backslash. */
function holdsWrittenEscape(text: string): boolean {
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at + 1)) {
    if (!SECOND_UNITS.has(text.charCodeAt(at + 1))) continue;
    if (WRITTEN_ESCAPES.some((escape) => text.startsWith(escape, at))) return true;
  }
  return false;
}

/** Whether a text may end in the beginning of an escape that is written in letters. */
function endsInPart(text: string): boolean {
  const tail = text.slice(1 - LONGEST_WRITTEN_ESCAPE);
  return tail.includes('\\') || tail.includes('^');
}

function writtenColourUnits(text: string, at: number, final: boolean): number {
  for (const escape of WRITTEN_ESCAPES) {
    if (text.startsWith(escape, at)) {
      COLOUR.lastIndex = COLOUR_BEGINNING.lastIndex = at + escape.length;
      if (COLOUR.test(text)) return COLOUR.lastIndex - at;
      return !final && COLOUR_BEGINNING.test(text) ? -1 : 0;
    }
    if (!final && escape.startsWith(text.slice(at, at + LONGEST_WRITTEN_ESCAPE))) return -1;
  }
  return 0;
}

function softBreakUnits(text: string, at: number, final: boolean): number {
  if (text.startsWith('=\n', at)) return 2;
  if (text.startsWith('=\r\n', at)) return 3;
  return !final && (at + 1 === text.length || text.slice(at) === '=\r') ? -1 : 0;
}
