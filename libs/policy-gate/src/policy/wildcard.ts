/**
 * A matcher for a pattern in which `*` stands for any run of characters, the empty one included.
 * Linear in the text for every pattern: the first place where a piece fits is always good enough.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return (text) => text === pattern;
  return (text) => {
    if (text.length < head.length + tail.length) return false;
    if (!text.startsWith(head) || !text.endsWith(tail)) return false;
    let from = head.length;
    const end = text.length - tail.length;
    for (const piece of rest) {
      const at = text.indexOf(piece, from);
      if (at < 0 || at + piece.length > end) return false;
      from = at + piece.length;
    }
    return true;
  };
}

/** Whether every text that `inner` matches is matched by `outer`; may say no where it is yes. */
export function covers(outer: string, inner: string): boolean {
  return outer === inner || (outer !== '' && wildcard(outer)(inner));
}
