import { pino } from 'pino';
import { redactionHook } from './index.ts';

const SECRET = ['sk', 'live', 'x'.repeat(24)].join('_');
const redact = (text: string): string => text.replaceAll(SECRET, '[REDACTED]');

function linesOf(hook: (line: string) => string, log: (logger: pino.Logger) => void): string[] {
  const lines: string[] = [];
  log(pino({ hooks: { streamWrite: hook } }, { write: (line: string) => void lines.push(line) }));
  return lines;
}

it('redacts every line of a logger that is not ours', () => {
  const lines = linesOf(redactionHook(redact), (logger) => {
    logger.child({ token: SECRET }).error(new Error(`no ${SECRET}`), `login ${SECRET}\n"quoted"`);
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain(SECRET);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    token: '[REDACTED]',
    msg: 'login [REDACTED]\n"quoted"',
    err: { message: 'no [REDACTED]' },
  });
});

it('writes a line that says so when the redactor fails', () => {
  const broken = redactionHook(() => {
    throw new Error('broken');
  });
  const lines = linesOf(broken, (logger) => logger.info(SECRET));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'error' });
  expect(lines[0]).not.toContain(SECRET);
});
