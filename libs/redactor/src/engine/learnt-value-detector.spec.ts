import { Redactor } from '../redactor.ts';

const redactor = new Redactor();

it('masks a value again that its context has shown to be secret', () => {
  expect(redactor.redact('password: Xy7-kd93 ok\nlogin joe Xy7-kd93 failed, (Xy7-kd93)')).toBe(
    'password: [REDACTED:password] ok\nlogin joe [REDACTED:password] failed, ([REDACTED:password])',
  );
  expect(redactor.redact('postgres://app:Kd83hs02@db/app then Kd83hs02')).toBe(
    'postgres://app:[REDACTED:url_credentials]@db/app then [REDACTED:url_credentials]',
  );
});

it('does not look back, nor into longer words', () => {
  expect(redactor.redact('Xy7-kd93 password=Xy7-kd93 aXy7-kd93b')).toBe(
    'Xy7-kd93 password=[REDACTED:password] aXy7-kd93b',
  );
});

it('learns nothing from words and numbers', () => {
  expect(redactor.redact('PASSWORD=postgres\nconnecting to postgres')).toBe(
    'PASSWORD=[REDACTED:password]\nconnecting to postgres',
  );
  expect(redactor.redact('PASSWORD=123456\n123456 rows')).toBe(
    'PASSWORD=[REDACTED:password]\n123456 rows',
  );
});

it('learns at most 64 values in a text, and forgets them at its end', () => {
  const values = Array.from({ length: 65 }, (_, index) => `Value-${String(index)}-kd93`);
  const output = redactor.redact(
    `${values.map((value) => `password=${value}`).join('\n')}\n${values.join('\n')}`,
  );
  expect(output.split('[REDACTED:password]')).toHaveLength(65 + 64 + 1);
  expect(output).toContain(values[64]);
  expect(redactor.redact(values[0]!)).toBe(values[0]);
});

it('learns in a stream, whatever the cuts', () => {
  const text = 'a password="Xy7-kd93"; Xy7-kd93 token=3f9c1a7be2d84f06 Xy7-kd93 3f9c1a7be2d84f06\n';
  const whole = redactor.redact(text);
  expect(whole).not.toMatch(/Xy7|3f9c/);
  for (let cut = 0; cut <= text.length; cut++) {
    const stream = redactor.createStream();
    const pieces = [text.slice(0, cut), text.slice(cut)].map((piece) => stream.write(piece));
    expect(pieces.join('') + stream.end()).toBe(whole);
  }
});

it('finds a value again in base64 and in a query', () => {
  const value = 'T28sx#Eus5GVY0bKc';
  for (const form of [Buffer.from(value).toString('base64'), encodeURIComponent(value)]) {
    const output = redactor.redact(`SESSION_SECRET=${value}\nlater: x=${form}&y=1\n`);
    expect(output).not.toContain(form.slice(8, -4));
    expect(output).toMatch(/&y=1\n$/);
  }
});

it('finds a value again at the very end', () => {
  for (const value of ['Xy7-kd', 'Xy7-kd9', 'Xy7-kd93', 'Xy7-kd93Qz'])
    expect(redactor.redact(`password: ${value}\n${value}`)).toBe(
      'password: [REDACTED:password]\n[REDACTED:password]',
    );
});
