/** What an IP address is, by the registries of IANA (special-purpose addresses) and the clouds. */
export type AddressClass =
  'public' | 'loopback' | 'private' | 'link_local' | 'metadata' | 'reserved';

/** IPv4 networks that are not the public internet: [base, prefix length, class]. RFC 6890 and successors. */
const V4_NETWORKS: readonly (readonly [string, number, AddressClass])[] = [
  ['169.254.169.254', 32, 'metadata'],
  ['169.254.170.2', 32, 'metadata'],
  ['169.254.170.23', 32, 'metadata'],
  ['100.100.100.200', 32, 'metadata'],
  ['192.0.0.192', 32, 'metadata'],
  ['168.63.129.16', 32, 'metadata'],
  ['127.0.0.0', 8, 'loopback'],
  ['0.0.0.0', 8, 'loopback'],
  ['10.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['169.254.0.0', 16, 'link_local'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'reserved'],
  ['198.18.0.0', 15, 'private'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 4, 'reserved'],
  ['240.0.0.0', 4, 'reserved'],
];

function parseDotted(text: string): number {
  let value = 0;
  for (const piece of text.split('.')) value = value * 256 + Number(piece);
  return value;
}

const V4_TABLE = V4_NETWORKS.map(
  ([base, length, addressClass]) => [parseDotted(base), 2 ** (32 - length), addressClass] as const,
);

export function classifyIPv4(value: number): AddressClass {
  for (const [base, size, addressClass] of V4_TABLE) {
    if (value >= base && value < base + size) return addressClass;
  }
  return 'public';
}

/**
 * IPv4 in every spelling that resolvers accept: one to four parts, each decimal, octal (leading 0)
 * or hexadecimal (0x), the last part filling what is left (WHATWG URL standard, IPv4 parser).
 * Undefined when the text is a name; NaN when it looks like an address and is none.
 */
export function parseIPv4(host: string): number | undefined {
  const pieces = host.split('.');
  if (pieces.at(-1) === '' && pieces.length > 1) pieces.pop();
  const last = pieces.at(-1);
  if (last === undefined || last === '' || !isNumeric(last)) return undefined;
  if (pieces.length > 4) return Number.NaN;
  let value = 0;
  for (const [index, piece] of pieces.entries()) {
    const number = parsePiece(piece);
    if (Number.isNaN(number)) return Number.NaN;
    if (index === pieces.length - 1) {
      if (number >= 256 ** (5 - pieces.length)) return Number.NaN;
      return value * 256 ** (5 - pieces.length) + number;
    }
    if (number > 255) return Number.NaN;
    value = value * 256 + number;
  }
  return value;
}

function isNumeric(piece: string): boolean {
  return /^(?:\d+|0[xX][0-9a-fA-F]*)$/.test(piece);
}

function parsePiece(piece: string): number {
  if (/^0[xX][0-9a-fA-F]*$/.test(piece)) {
    return piece.length === 2 ? 0 : Number.parseInt(piece.slice(2), 16);
  }
  if (/^0[0-7]+$/.test(piece)) return Number.parseInt(piece, 8);
  return /^\d+$/.test(piece) ? Number.parseInt(piece, 10) : Number.NaN;
}

/** The eight groups of an IPv6 address, zone and brackets removed; undefined when it is none. */
export function parseIPv6(host: string): number[] | undefined {
  let text = host;
  if (text.startsWith('[') && text.endsWith(']')) text = text.slice(1, -1);
  const zone = text.indexOf('%');
  if (zone >= 0) text = text.slice(0, zone);
  if (!text.includes(':')) return undefined;
  const lastColon = text.lastIndexOf(':');
  const tail = text.slice(lastColon + 1);
  if (tail.includes('.')) {
    const v4 = parseIPv4(tail);
    if (v4 === undefined || Number.isNaN(v4)) return undefined;
    text = `${text.slice(0, lastColon + 1)}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`;
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '');
  const rest = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === undefined || rest === undefined) return undefined;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array<number>(halves.length === 2 ? missing : 0).fill(0), ...rest];
}

function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const result: number[] = [];
  for (const piece of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(piece)) return undefined;
    result.push(Number.parseInt(piece, 16));
  }
  return result;
}

export function classifyIPv6(parts: readonly number[]): AddressClass {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = parts;
  const tail = g * 65536 + h;
  const leadingZero = a === 0 && b === 0 && c === 0 && d === 0;
  // ::1 and ::, then the forms that carry an IPv4 address: mapped, compatible, translated.
  if (leadingZero && e === 0 && f === 0 && tail <= 1) return 'loopback';
  if (leadingZero && e === 0 && (f === 0xffff || f === 0)) return classifyIPv4(tail);
  if (leadingZero && e === 0xffff && f === 0) return classifyIPv4(tail);
  if (a === 0x64 && b === 0xff9b) {
    const carried = classifyIPv4(tail);
    // Translators of a site's own (RFC 8215) may put the IPv4 address elsewhere.
    return c === 0 || carried === 'metadata' ? carried : 'private';
  }
  if (a === 0x2002) return classifyIPv4(b * 65536 + c);
  // ISATAP (RFC 5214), below whatever network.
  if ((e === 0 || e === 0x200) && f === 0x5efe) {
    const carried = classifyIPv4(tail);
    if (carried !== 'public') return carried;
  }
  if (a === 0xfd00 && b === 0xec2 && (tail === 0x254 || tail === 0x23)) return 'metadata';
  if (a === 0xfd20 && b === 0xce && tail === 0x254) return 'metadata';
  if ((a & 0xfe00) === 0xfc00) return 'private';
  if ((a & 0xffc0) === 0xfe80) return 'link_local';
  if ((a & 0xffc0) === 0xfec0) return 'private';
  if ((a & 0xff00) === 0xff00) return 'reserved';
  if (a === 0x2001 && (b === 0xdb8 || b < 0x200)) return 'reserved';
  if (a === 0x3fff && b < 0x1000) return 'reserved';
  // Only 2000::/3 is handed out.
  return (a & 0xe000) === 0x2000 ? 'public' : 'reserved';
}
