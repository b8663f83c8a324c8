import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import type { ContextManager } from '@opentelemetry/api';
import fc from 'fast-check';
import { createLogger } from './index.ts';
import type { LoggerOptions } from './index.ts';

/** Made at run time, so that no text in the repository looks like a live secret. */
const SECRET = ['sk', 'live', 'x'.repeat(24)].join('_');
const redact = (text: string) => text.replaceAll(SECRET, '[REDACTED]');

function start(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'control-plane',
    redact,
    destination: { write: (line) => lines.push(line) },
    ...options,
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

describe('createLogger', () => {
  it('writes one line of JSON with a level in words and an RFC 3339 time', () => {
    const { logger, lines, last } = start();
    logger.info({ run: 'r1' }, 'started %s', 'well');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const { time, ...rest } = last();
    expect(rest).toEqual({ level: 'info', name: 'control-plane', run: 'r1', msg: 'started well' });
    expect(new Date(time as string).toISOString()).toBe(time);
  });

  it('obeys the level', () => {
    const { logger, lines } = start({ level: 'warn' });
    logger.info('no');
    logger.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it.each<[string, (log: ReturnType<typeof start>['logger']) => void]>([
    ['the message', (log) => log.info(`key ${SECRET}`)],
    ['an argument of the message', (log) => log.info('key %s', SECRET)],
    ['an object', (log) => log.info({ deep: [{ key: SECRET }] }, 'x')],
    ['the name of a member', (log) => log.info({ [SECRET]: 1 }, 'x')],
    ['a child binding', (log) => log.child({ key: SECRET }).info('x')],
    ['an error', (log) => log.error(new Error(`bad ${SECRET}`))],
    ['the cause of an error', (log) => log.error({ err: new Error('x', { cause: SECRET }) })],
    ['an error under another name', (log) => log.error({ failure: new Error(SECRET) }, 'x')],
    ['toJSON', (log) => log.info({ a: { toJSON: () => SECRET } }, 'x')],
    ['a text with quotes around', (log) => log.info(`"${SECRET}"\n`)],
  ])('redacts %s', (_where, act) => {
    const { logger, lines } = start();
    act(logger);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(SECRET);
    expect(() => JSON.parse(lines[0]!) as unknown).not.toThrow();
  });

  it('finds secrets that JSON escapes', () => {
    const secrets = ['line one\nline two', 'quo"te', 'back\\slash', 'tab\there'];
    const { logger, lines, last } = start({
      redact: (text) => secrets.reduce((clean, each) => clean.replaceAll(each, '***'), text),
    });
    for (const secret of secrets) {
      logger.info({ value: `<${secret}>` }, `msg <${secret}>`);
      expect(last()).toMatchObject({ value: '<***>', msg: 'msg <***>' });
    }
    expect(lines).toHaveLength(secrets.length);
  });

  it('lets no secret pass, wherever it stands', () => {
    const { logger, lines } = start();
    const withSecret = fc.string().map((text) => text + SECRET + text);
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(withSecret, fc.anything())),
        withSecret,
        (object, msg) => {
          lines.length = 0;
          logger.info(object, msg);
          expect(lines).toHaveLength(1);
          expect(lines[0]).not.toContain(SECRET);
          expect(lines[0]!.indexOf('\n')).toBe(lines[0]!.length - 1);
          JSON.parse(lines[0]!);
        },
      ),
    );
  });

  it('stays one line of JSON when the redactor takes a quote or adds a line feed', () => {
    const { logger, last, lines } = start({ redact: (text) => text.replace(/x".*/, '\n') });
    logger.info({ key: 'x', other: 1 }, 'y');
    expect(lines[0]!.indexOf('\n')).toBe(lines[0]!.length - 1);
    expect(last()).toMatchObject({ level: 'info', name: 'control-plane', msg: 'redacted line' });
  });

  it('says so when the redactor throws, and shows nothing of the line', () => {
    const { logger, lines, last } = start({
      redact: () => {
        throw new Error('no');
      },
    });
    logger.info({ key: SECRET }, SECRET);
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({
      level: 'error',
      name: 'control-plane',
      msg: expect.stringContaining('the redactor failed') as unknown,
    });
    expect(lines[0]).not.toContain(SECRET);
  });

  it('never throws', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const trap = {
      get boom() {
        throw new Error('getter');
      },
    };
    const { logger, lines } = start();
    for (const bad of [cycle, trap, { big: 1n }, Object.create(null), { err: trap }, Symbol('s')]) {
      logger.info(bad as object, 'odd');
    }
    expect(lines).toHaveLength(6);
    const full = start({
      destination: {
        write: () => {
          throw new Error('EPIPE');
        },
      },
    });
    full.logger.info('x');
    expect(full.lines).toEqual([]);
  });

  it('adds the ids of the active span', () => {
    const { logger, last } = start();
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const active = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(spanContext));
    const manager = {
      active: () => active,
      with: (_context: unknown, fn: () => unknown) => fn(),
      bind: (_context: unknown, target: unknown) => target,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager as unknown as ContextManager);
    logger.info('in a span');
    context.disable();
    expect(last()).toMatchObject({ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) });
    logger.info('outside');
    expect(last()).not.toHaveProperty('trace_id');
  });
});
