/** One character of a text as a terminal shows it: never as the terminal would obey it. */
interface Cell {
  text: string;
  columns: number;
}

const TAB = '    ';
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
/** Control, format, surrogate, private and unassigned characters, and line separators. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

function cellOf(character: string): Cell {
  if (character === '\t') return { text: TAB, columns: TAB.length };
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) {
    return { text: `^${String.fromCharCode(code ^ 0x40)}`, columns: 2 };
  }
  if (UNSEEN.test(character)) {
    const text = `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
    return { text, columns: text.length };
  }
  if (/\p{M}/u.test(character)) return { text: character, columns: 0 };
  return { text: character, columns: WIDE.test(character) ? 2 : 1 };
}

/** A text for a terminal: escape sequences and directional marks become visible. */
export function visible(text: string): string {
  return Array.from(text, (character) =>
    character === '\n' ? character : cellOf(character).text,
  ).join('');
}

/** One line of a source text, and which of its columns a range of it takes. */
export class VisibleLine {
  readonly text: string;
  private readonly ends: number[] = [];
  private readonly offsets: number[] = [];

  /** `start` is the offset of the line in the whole text. */
  constructor(line: string, start: number) {
    let offset = start;
    let column = 0;
    let text = '';
    for (const character of line) {
      const cell = cellOf(character);
      this.offsets.push(offset);
      column += cell.columns;
      text += cell.text;
      offset += character.length;
      this.ends.push(column);
    }
    this.text = text;
  }

  /** First column and width of the characters from `start` up to `end` (offsets in the whole text). */
  columnsOf(start: number, end: number): { column: number; width: number } {
    let column = 0;
    let last = 0;
    for (const [index, offset] of this.offsets.entries()) {
      const columns = this.ends[index] ?? 0;
      if (offset < start) column = columns;
      if (offset < end) last = columns;
    }
    return { column, width: Math.max(1, last - column) };
  }
}
