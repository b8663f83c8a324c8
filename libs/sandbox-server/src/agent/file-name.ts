/**
 * Linux's file names are bytes, the protocol's are text. A byte that is not part of UTF-8 becomes
 * a character of U+EF80 to U+EFFF, which passes JSON and URLs; a name that really holds such a
 * character is taken apart into bytes too, so that no two names look the same.
 * Source: the OPTU-16 encoding of MirBSD.
 */
const BYTE_BASE = 0xef00;
const ESCAPED = /[\uef80-\uefff]/;
const ESCAPED_OR_BROKEN = /[\uef80-\uefff\ufffd]/;

/** Length of the character that a byte begins; 1 where it begins none. */
function lengthOf(lead: number): number {
  return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

export function nameOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!ESCAPED_OR_BROKEN.test(text)) return text;
  let name = '';
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + lengthOf(bytes.readUInt8(at)));
    const character = piece.toString('utf8');
    if (!ESCAPED.test(character) && Buffer.from(character).equals(piece)) {
      name += character;
      at += piece.length;
    } else {
      name += String.fromCharCode(BYTE_BASE + bytes.readUInt8(at));
      at += 1;
    }
  }
  return name;
}

/** What the calls of node:fs take for a name or path of the protocol. */
export function onDisk(path: string): string | Buffer {
  if (!ESCAPED.test(path)) return path;
  return Buffer.concat(
    Array.from(path, (character) =>
      ESCAPED.test(character)
        ? Buffer.of(character.charCodeAt(0) - BYTE_BASE)
        : Buffer.from(character),
    ),
  );
}
