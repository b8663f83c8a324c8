import { Redactor } from '../redactor.ts';

const MASK = '[REDACTED:registered]';

function redactorOf(...values: string[]): Redactor {
  const redactor = new Redactor();
  for (const value of values) redactor.registerSecret(value);
  return redactor;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const fold = (text: string, columns: number, by = '\n'): string =>
  text.replace(new RegExp(`.{${String(columns)}}`, 'g'), `$&${by}`);

/** As `xxd` and `hexdump -C` print it. */
function dump(bytes: Buffer, group: 1 | 2): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16);
    const address = at.toString(16).padStart(8, '0');
    const column = line.toString('latin1').replace(/[^ -~]/g, '.');
    const pairs = line.toString('hex').replace(group === 1 ? /../g : /..?.?.?/g, '$& ');
    text +=
      group === 1
        ? `${address}  ${pairs.slice(0, 24)} ${pairs.slice(24)}`.padEnd(60) + `|${column}|\n`
        : `${address}: ${pairs}`.padEnd(51) + `${column}\n`;
  }
  return text;
}

describe('regression: a registered value is masked wherever its encoding is folded', () => {
  const value = 'C0rrect-h0rse-battery-9';

  it.each([
    ['base64 at 76', 76, '\n', (text: string) => base64(text)],
    ['base64 at 76 with carriage returns', 76, '\r\n', (text: string) => base64(text)],
    ['base64 at 64 in a string', 64, '\\n', (text: string) => base64(text)],
    ['hexadecimal at 60', 60, '\n', (text: string) => Buffer.from(text).toString('hex')],
    ['base64 of base64 at 76', 76, '\n', (text: string) => base64(base64(text))],
  ])('%s', (_, columns, by, encode) => {
    const redactor = redactorOf(value);
    for (let before = 0; before < 80; before++) {
      const text = fold(encode('x'.repeat(before) + value + 'y'.repeat(60)), columns, by);
      expect(redactor.redact(text)).toContain(MASK);
    }
  });

  it.each([1, 2] as const)('a dump in groups of %i', (group) => {
    const redactor = redactorOf(value);
    for (let before = 0; before < 32; before++) {
      const bytes = Buffer.from('#'.repeat(before) + value + '#'.repeat(30));
      const output = redactor.redact(dump(bytes, group));
      expect(output).toContain(MASK);
      expect(output).not.toMatch(/ct-|h0r|se-|bat|ery|y-9/);
    }
  });
});

describe('regression: a registered value is masked in the notation', () => {
  it.each([
    ['quoted-printable', 'Zq8=1xyz9', 'Zq8=3D1xyz9'],
    ['quoted-printable', 'Zqü1xyz9', 'Zq=C3=BC1xyz9'],
    ['encodeURI', 'pa/ss wörd9', 'pa/ss%20w%C3%B6rd9'],
    ['URL.password', 'pa$ss wö@rd9', 'pa$ss%20w%C3%B6%40rd9'],
    ['a form in lower case', 'pa/ss wörd9', 'pa%2fss+w%c3%b6rd9'],
    ['a query in a query', 'pa/ss wörd9', 'pa%252Fss%2520w%25C3%25B6rd9'],
    ['escape()', 'paßs€wörd9', 'pa%DFs%u20ACw%F6rd9'],
    ['JSON of Go', 'R3g<s&t>rd9', 'R3g\\u003cs\\u0026t\\u003erd9'],
    ['JSON of .NET', 'R3g+s"trd9', 'R3g\\u002Bs\\u0022trd9'],
    ['JSON of .NET', 'wörtlich-ü9', 'w\\u00F6rtlich-\\u00FC9'],
    ['JSON in JSON', 'a"b\\c/dü-9', 'a\\\\\\"b\\\\\\\\c/dü-9'],
    ['XML', 'R3g<s&t>rd9', 'R3g&#60;s&#038;t&#x3E;rd9'],
    ['XML', `R3g's"trd9ü`, 'R3g&#039;s&#x22;trd9&#252;'],
    ['XML', 'line-1\nline-2', 'line-1&#10;line-2'],
    ['HTML', 'wörtlich-ü9', 'w&ouml;rtlich-&uuml;9'],
    ['shlex.quote', `R3g'strd9`, `R3g'"'"'strd9`],
    ['a doubled quote', `R3g'strd9`, `R3g''strd9`],
    ["$'…'", `R3g'strd9`, `R3g\\'strd9`],
    ['a string of a shell', 'pa$s w0rd&x', 'pa\\$s w0rd&x'],
    ['octal escapes', 'wörtlich-ü9', 'w\\303\\266rtlich-\\303\\2749'],
    ['escapes of Python', 'wörtlich-ü9', 'w\\xf6rtlich-\\xfc9'],
    ['references for all characters', 'abc123', '&#97;&#98;&#99;&#49;&#50;&#51;'],
    ['a terminal', 'line 1\nline 2', 'line 1\r\nline 2'],
    ['a literal escape', 'a%25 b%', 'a%25%20b%'],
    ['an emoji', 'key-😀-77', 'key-\\ud83d\\ude00-77'],
    ['an emoji', 'key-😀-77', 'key-%F0%9F%98%80-77'],
    ['an emoji', 'key-😀-77', 'key-&#128512;-77'],
    ['an escaped first character', '"\\ü-77xy', '\\"\\\\\\u00fc-77xy'],
    ['an escaped first character', '<>"&77xyz', '&lt;&gt;&quot;&amp;77xyz'],
    ['an escaped first character', '@/ 77xyz', '%40%2F%2077xyz'],
  ])('%s: %s as %s', (_, value, written) => {
    const redactor = redactorOf(value);
    expect(redactor.redact(`see ${written} here`)).toBe(`see ${MASK} here`);
  });

  it('base64 of base64, whatever stands before it', () => {
    const redactor = redactorOf('C0rrect-h0rse');
    for (let before = 0; before < 12; before++) {
      const inner = base64('user:'.repeat(3).slice(0, before) + 'C0rrect-h0rse');
      expect(redactor.redact(base64(inner))).toContain(MASK);
      expect(redactor.redact(base64(inner.replaceAll('+', '-')))).toContain(MASK);
    }
  });

  it.each(['C0rrect-h0rse', 'пароль-7д8'])(
    'UTF-16, also in base64 and hexadecimal: %s',
    (value) => {
      const redactor = redactorOf(value);
      const little = Buffer.from(value, 'utf16le');
      for (const bytes of [little, Buffer.from(little).swap16()]) {
        for (const text of [
          bytes.toString('base64'),
          bytes.toString('hex'),
          bytes.toString('latin1'),
        ])
          expect(redactor.redact(`see ${text} here`)).toMatch(
            /^see (?:00|AA?|\0)*\[REDACTED:registered\]A?=*(?:00|\0)? here$/,
          );
      }
    },
  );
});

/** Its base64 begins with the final letter of a control sequence. */
const SWALLOWED = '(z-secret-9';

describe('regression: a registered value is masked behind an escape sequence that took its beginning', () => {
  it.each([
    ['42Kabcdefg', '\u001b[42Kabcdefg'],
    ['0mSecretVal9', '\\x1b[0mSecretVal9'],
    ['mSecretVal9', '\u001b[1mSecretVal9'],
    ['H0"rrect9', '\u001b[1H0\\"rrect9'],
    ['A1234567', '\u001b(A1234567'],
    [SWALLOWED, `\u001b[1${base64(SWALLOWED)}`],
  ])('%j in %j', (value, text) => {
    expect(redactorOf(value).redact(`${text} end`)).toContain(MASK);
    expect(redactorOf(value).redact(text.slice(-5))).toBe(text.slice(-5));
  });
});

it.each([
  'zero\u200bwidth-9',
  'soft\u00adhyphen-9',
  '\ufeffbom-value-9',
  'red\u001b[1mder-9x',
  'red\\e[1mder-9x',
  'red^[[1mder-9x',
])('regression: a registered value that holds something invisible is masked: %j', (value) => {
  const redactor = redactorOf(value);
  for (const text of [
    value,
    JSON.stringify(value).slice(1, -1),
    base64(value),
    encodeURIComponent(value),
  ])
    expect(redactor.redact(`<${text}>`)).toMatch(/^<[^a-z]*\[REDACTED:registered\]=*>$/);
});

it('regression: a registered value with a soft line break is masked in quoted-printable', () => {
  expect(redactorOf('first=\nsecond').redact('quoted-printable\nfirst=\nsecond')).toContain(MASK);
});

describe('long registered values', () => {
  it('regression: hold back no more than a window', () => {
    const value = '"\\ü'.repeat(5000);
    const redactor = redactorOf(value);
    const escaped = Buffer.from(value).toString('hex').replace(/../g, '\\x$&');
    const stream = redactor.createStream();
    let output = stream.write('see ');
    let held = 0;
    for (let at = 0; at < escaped.length; at += 1000) {
      output += stream.write(escaped.slice(at, at + 1000));
      if (output === 'see ') held = at + 1000;
    }
    output += stream.write(' end') + stream.end();
    expect(output).toBe(`see ${MASK} end`);
    expect(held).toBeLessThanOrEqual(20_000);
  });

  it.each([
    ['0'.repeat(2000) + '1', '0'],
    ['ab'.repeat(7000) + 'c', 'ab'],
    ['\\'.repeat(3000) + '1', '\\'],
    ['ü'.repeat(3000) + '1', '%C3%BC'],
  ])(
    'regression: are looked for in linear time where they repeat themselves (%#)',
    (value, unit) => {
      const redactor = redactorOf(value);
      const text = unit.repeat(131_072 / unit.length);
      const start = process.cpuUsage().user;
      expect(redactor.redact(text)).toBe(text);
      expect(process.cpuUsage().user - start).toBeLessThan(2_000_000);
      expect(redactor.redact(`${text} ${value} ${text}`)).toBe(`${text} ${MASK} ${text}`);
    },
  );

  it('are masked whole in every notation, in pieces as at once', () => {
    const value = 'k€y "\\<&>\n'.repeat(400) + 'end';
    const redactor = redactorOf(value);
    for (const text of [
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      fold(base64(value), 76),
    ]) {
      expect(redactor.redact(`(${text})`)).toBe(`(${MASK})`);
      const stream = redactor.createStream();
      const pieces = (`(${text})`.match(/[^]{1,700}/g) ?? []).map((piece) => stream.write(piece));
      expect(pieces.join('') + stream.end()).toBe(`(${MASK})`);
    }
  });
});
