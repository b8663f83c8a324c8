const ELLIPSIS = '…';
/** Shorter than this a cut name tells nothing. */
const SHORTEST = 8;

/** `name` in at most `length` characters: its beginning, an ellipsis and its end. */
export function cutInMiddle(name: string, length: number): string {
  const characters = Array.from(name);
  const room = Math.max(length, SHORTEST);
  if (characters.length <= room) return name;
  const tail = Math.floor((room - 1) / 2);
  const head = room - 1 - tail;
  return characters.slice(0, head).join('') + ELLIPSIS + characters.slice(-tail).join('');
}

/**
 * Each name with its short form, cut in the middle. Two names never look alike: those that would
 * are cut less, down to showing them whole.
 */
export function shortNames(names: Iterable<string>, length: number): Map<string, string> {
  const short = new Map<string, string>();
  let open = [...new Set(names)];
  const start = Math.max(length, SHORTEST);
  for (let room = start; open.length > 0; room += Math.ceil(start / 4)) {
    const taken = new Set(short.values());
    const counts = new Map<string, number>();
    const cuts = open.map((name) => [name, cutInMiddle(name, room)] as const);
    for (const [, cut] of cuts) counts.set(cut, (counts.get(cut) ?? 0) + 1);
    open = [];
    for (const [name, cut] of cuts) {
      if (counts.get(cut) === 1 && !taken.has(cut)) short.set(name, cut);
      else if (cut === name) short.set(name, name);
      else open.push(name);
    }
  }
  return short;
}
