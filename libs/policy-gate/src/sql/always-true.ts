import type { Token } from './tokenize-sql.ts';

/**
 * Whether a condition limits nothing: `1=1`, `TRUE`, `'a'='a'`, `x=x`, `id > 0`, `x IS NOT NULL`,
 * `name LIKE '%'`, or any of these joined with OR to whatever else.
 */
export function isAlwaysTrue(condition: readonly Token[]): boolean {
  const tokens = condition.filter(({ text }) => text !== '(' && text !== ')');
  return splitAt(tokens, 'OR').some((part) => splitAt(part, 'AND').every(isTrue));
}

function splitAt(tokens: readonly Token[], word: string): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'word' && token.text === word) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function isTrue(term: readonly Token[]): boolean {
  const [left, operator, third, fourth, ...more] = term;
  if (left === undefined) return false;
  if (left.text === 'NOT' && left.kind === 'word') {
    return operator?.text === 'FALSE' || operator?.text === '0';
  }
  if (operator === undefined) {
    return left.text === 'TRUE' || (isLiteral(left) && left.text !== '0' && left.text !== '');
  }
  if (third === undefined || more.length > 0) return false;
  if (operator.text === 'IS' && third.text === 'NOT') return fourth?.text === 'NULL';
  if (operator.text === 'LIKE' || operator.text === 'ILIKE') return /^%+$/.test(third.text);
  const sign = fourth === undefined ? operator.text : operator.text + third.text;
  const right = fourth ?? third;
  if (isLiteral(left) && isLiteral(right)) return compare(left.text, sign, right.text);
  if (sign === '=') return left.kind === right.kind && left.text === right.text;
  // Keys and amounts are positive, texts are not empty.
  if (sign === '>' || sign === '>=') return right.text === '0' || right.text === '-1';
  return (sign === '<>' || sign === '!=') && right.kind === 'string' && right.text === '';
}

function isLiteral({ kind }: Token): boolean {
  return kind === 'number' || kind === 'string';
}

function compare(left: string, sign: string, right: string): boolean {
  switch (sign) {
    case '=':
      return left === right;
    case '<>':
    case '!=':
      return left !== right;
    case '<':
    case '<=':
      return Number(left) < Number(right) || (sign === '<=' && left === right);
    case '>':
    case '>=':
      return Number(left) > Number(right) || (sign === '>=' && left === right);
    default:
      return false;
  }
}
