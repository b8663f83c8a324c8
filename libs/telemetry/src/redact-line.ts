/** What stands for a text that could not be redacted. */
export const WITHHELD = '[withheld: the redactor failed]';

/**
 * For the `hooks.streamWrite` of a pino logger of your own: every line goes through `redact` as it is written, after
 * everything else was put into it, and stays one line of JSON. Never throws: a line that cannot be redacted is
 * replaced by one that says so.
 */
export function redactionHook(redact: (text: string) => string): (line: string) => string {
  return (line) => {
    try {
      return redactLine(line, redact);
    } catch {
      const time = new Date().toISOString();
      return `${JSON.stringify({ level: 'error', time, msg: `log line ${WITHHELD}` })}\n`;
    }
  };
}

/**
 * Redacts a line of JSON and keeps it one line of JSON. In JSON a line feed, a quote and a
 * backslash are escaped, which would hide a secret that holds one: where the line has an escape,
 * its strings are redacted one by one first.
 */
export function redactLine(line: string, redact: (text: string) => string): string {
  const text = line.trimEnd();
  const unescaped = text.includes('\\')
    ? JSON.stringify(redactStrings(JSON.parse(text), redact))
    : text;
  const clean = redact(unescaped);
  if (clean !== unescaped && !isJsonLine(clean)) {
    // The redactor took a quote or a brace: what is left is safe to show, but only as text.
    const { level, time, name } = JSON.parse(text) as Record<string, unknown>;
    return `${JSON.stringify({ level, time, name, msg: 'redacted line', line: clean })}\n`;
  }
  return `${clean}\n`;
}

function redactStrings(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactStrings(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redact(name), redactStrings(member, redact)]),
  );
}

function isJsonLine(text: string): boolean {
  if (text.includes('\n')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
