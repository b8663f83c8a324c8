import type { AttackFamily } from './attack.ts';
import type { AttackResult, Verdict } from './attack-run.ts';

const WORDS: Readonly<Record<Verdict, string>> = {
  held: 'held',
  failed: 'NOT HELD',
  unlimited: 'no limit',
  skipped: 'skipped',
};
const VERDICT_WIDTH = Math.max(...Object.values(WORDS).map(({ length }) => length));

/** Rows of a table that can be printed one by one: the widths of all are known beforehand. */
export class AttackTable {
  readonly header: string;
  readonly #widths: readonly number[];

  constructor(families: readonly AttackFamily[]) {
    const rows = [
      ['family', 'attack', 'expected'],
      ...families.flatMap(({ name: family, attacks }) =>
        attacks.map(({ name, expected }) => [family, name, expected]),
      ),
    ];
    this.#widths = [
      VERDICT_WIDTH,
      ...[0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))),
    ];
    this.header = this.#line(['', 'family', 'attack', 'expected', 'seen']);
  }

  row({ verdict, family, name, expected, seen }: AttackResult): string {
    return this.#line([WORDS[verdict], family, name, expected, seen]);
  }

  #line(cells: readonly string[]): string {
    return cells
      .map((cell, index) => cell.padEnd(this.#widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  }
}
