import fc from 'fast-check';
import { Redactor } from '../redactor.ts';
import { RedactorError } from '../redactor-error.ts';
import { anyText, redactInPieces, redactor, registered, secrets } from '../testing/any-text.ts';
import { samplePrivateKey, spliceFindings } from '../testing/samples.ts';

describe('the law of the stream', () => {
  it('gives what the whole text gives, for every way of cutting', () => {
    fc.assert(
      fc.property(
        anyText.chain((input) =>
          fc.tuple(fc.constant(input), fc.array(fc.nat(input.length), { maxLength: 12 })),
        ),
        ([input, cuts]) => {
          expect(redactInPieces(input, cuts)).toBe(redactor.redact(input));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('gives what the whole text gives, unit by unit', () => {
    fc.assert(
      fc.property(anyText, (input) => {
        expect(
          redactInPieces(
            input,
            Array.from(input, (_, index) => index),
          ),
        ).toBe(redactor.redact(input));
      }),
      { numRuns: 300 },
    );
  });

  it.each(secrets)('holds for every single cut of secret %#', (secret) => {
    const input = `before ${secret} after\npassword: ${secret}\n`;
    const whole = redactor.redact(input);
    for (let cut = 0; cut <= input.length; cut++) expect(redactInPieces(input, [cut])).toBe(whole);
  });

  it('holds where a secret runs over its window', () => {
    const long = `x ghp_${'aB3'.repeat(4000)} y password="${'p@55 '.repeat(2000)}" z ${samplePrivateKey('PRIVATE KEY', 500)} end`;
    const whole = redactor.redact(long);
    expect(whole).toMatch(
      /^x \[REDACTED:github_token\] y password="\[REDACTED:password\]" z \[REDACTED:private_key\]/,
    );
    expect(whole.length).toBeLessThan(200);
    for (const size of [1, 7, 64, 4096, 20_001]) {
      const cuts = Array.from(
        { length: Math.floor(long.length / size) },
        (_, index) => index * size,
      );
      expect(redactInPieces(long, cuts)).toBe(whole);
    }
  });
});

describe('the laws of redaction', () => {
  it('changes nothing outside its findings', () => {
    fc.assert(
      fc.property(anyText, (input) => {
        expect(spliceFindings(redactor, input)).toBe(redactor.redact(input));
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(anyText, (input) => {
        const once = redactor.redact(input);
        expect(redactor.redact(once)).toBe(once);
      }),
      { numRuns: 1500, seed: 1 },
    );
  });

  it('leaves no registered value in any output', () => {
    fc.assert(
      fc.property(anyText, (input) => {
        expect(redactor.redact(input + registered)).not.toContain(registered);
      }),
      { numRuns: 300 },
    );
  });

  it('writes at most 52 units for each finding', () => {
    fc.assert(
      fc.property(anyText, (input) => {
        const { text: output, findings } = redactor.redactWithFindings(input);
        expect(output.length).toBeLessThanOrEqual(input.length + 52 * findings.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('hold-back', () => {
  it('regression: never parts the halves of a character', () => {
    const own = new Redactor();
    own.registerSecret('\u043a\u043b\u044e\u0447-\ud83d\ude00-77');
    const input = 'a \ud83d\ude00 b-\ud83d\ude00\ud83d\ude00 c';
    for (let cut = 0; cut <= input.length; cut++) {
      const stream = own.createStream();
      const pieces = [stream.write(input.slice(0, cut)), stream.write(input.slice(cut))];
      expect(pieces.join('') + stream.end()).toBe(input);
      for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
    }
  });

  it('passes finished lines on at once', () => {
    const stream = redactor.createStream();
    expect(stream.write('installing packages\n')).toBe('installing packages\n');
    expect(stream.write('token count: 12\n')).toBe('token count: 12\n');
    expect(stream.write('password: hunter2\nnext\n')).toBe('password: [REDACTED:password]\nnext\n');
    expect(stream.write('[=====>    ] 52% ')).toBe('[=====>    ] 52% ');
  });

  it('passes a prompt on before the answer is typed', () => {
    const stream = redactor.createStream();
    expect(stream.write('Continue? [y/N] ')).toBe('Continue? [y/N] ');
    expect(stream.write('\nPassword: ')).toBe('\nPassword: ');
    expect(stream.write('hunter2\n')).toBe('[REDACTED:password]\n');
  });

  it('never holds back more than its window', () => {
    const stream = redactor.createStream();
    let written = 0;
    let given = 0;
    for (const chunk of Array.from(
      { length: 3000 },
      () => 'ghp_aB3xY9password=-----BEGIN RSA PRIVATE KEY----- ',
    )) {
      given += chunk.length;
      written += stream.write(chunk).length;
      if (given > 60_000) break;
    }
    expect(written).toBeGreaterThan(0);
    const open = redactor.createStream();
    open.write(`ghp_${'a1B2'.repeat(2000)}`);
    expect(open.write('c3D4')).toBe('');
    expect(open.write(' end\n')).toBe(' end\n');
  });

  it('counts by kind', () => {
    const stream = redactor.createStream();
    stream.write(`${secrets[0]!}\n${secrets[0]!}\npassword=hunter2\n`);
    stream.end();
    expect([...stream.counts]).toEqual([
      ['github_token', 2],
      ['password', 1],
    ]);
  });

  it('masks a value that is registered while the stream is open', () => {
    const own = new Redactor();
    const stream = own.createStream();
    stream.write('start\n');
    own.registerSecret('late-secret');
    expect(stream.write('a late-secret b\n') + stream.end()).toBe('a [REDACTED:registered] b\n');
  });

  it('refuses text after the end', () => {
    const stream = redactor.createStream();
    expect(stream.end()).toBe('');
    expect(() => stream.write('x')).toThrow(RedactorError);
    expect(stream.end()).toBe('');
  });
});
