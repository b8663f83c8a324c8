import { RunOutput } from './run-output.ts';

describe('RunOutput', () => {
  it('keeps the order of the streams and joins what follows on', () => {
    const output = new RunOutput();
    output.append({ run_id: 'r', stream: 'stdout', text: 'a' });
    output.append({ run_id: 'r', stream: 'stdout', text: 'b\n' });
    output.append({ run_id: 'r', stream: 'stderr', text: 'c\n' });
    output.append({ run_id: 'other', stream: 'stdout', text: 'x' });
    expect(output.of('r')).toMatchObject({
      chunks: [
        { stream: 'stdout', text: 'ab\n' },
        { stream: 'stderr', text: 'c\n' },
      ],
      cut: false,
    });
  });

  it('drops the beginning of much output and says so', () => {
    const output = new RunOutput();
    const text = 'x'.repeat(100_000);
    output.append({ run_id: 'r', stream: 'stderr', text: `first${text}` });
    output.append({ run_id: 'r', stream: 'stdout', text });
    output.append({ run_id: 'r', stream: 'stderr', text: `${text}last` });
    const kept = output.of('r');
    const whole = kept?.chunks.map((chunk) => chunk.text).join('');
    expect(kept?.cut).toBe(true);
    expect(whole).toHaveLength(262_144);
    expect(whole?.endsWith('last')).toBe(true);
  });

  it('forgets the run that was silent for longest', () => {
    const output = new RunOutput();
    for (let run = 0; run < 51; run += 1) {
      output.append({ run_id: String(run), stream: 'stdout', text: 'x' });
      output.append({ run_id: '0', stream: 'stdout', text: 'x' });
    }
    expect(output.of('1')).toBeUndefined();
    expect(output.of('0')).toBeDefined();
  });

  it('gives the same object until something is printed', () => {
    const output = new RunOutput();
    output.append({ run_id: 'r', stream: 'stdout', text: 'a' });
    const before = output.of('r');
    output.append({ run_id: 'other', stream: 'stdout', text: 'a' });
    expect(output.of('r')).toBe(before);
  });
});
