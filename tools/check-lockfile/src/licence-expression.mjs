/**
 * Whether an SPDX licence expression can be satisfied: of an OR one side is enough, of an AND both
 * sides are needed.
 *
 * @param {string} expression
 * @param {(licence: string) => boolean} allowed
 * @returns {boolean} False also for what is no expression.
 */
export function satisfies(expression, allowed) {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];

  function anyOf() {
    let result = allOf();
    while (tokens[0] === 'OR') {
      tokens.shift();
      const right = allOf();
      result = result || right;
    }
    return result;
  }

  function allOf() {
    let result = one();
    while (tokens[0] === 'AND') {
      tokens.shift();
      const right = one();
      result = result && right;
    }
    return result;
  }

  /** @returns {boolean} */
  function one() {
    const token = tokens.shift();
    if (token === undefined || token === ')') return false;
    if (token !== '(') return allowed(token);
    const inner = anyOf();
    return tokens.shift() === ')' && inner;
  }

  const result = anyOf();
  return result && tokens.length === 0;
}
