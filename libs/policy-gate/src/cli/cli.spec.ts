import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

interface Result {
  code: number | null;
  out: string;
  error: string;
}

function run(args: readonly string[], input = '', closeOutput = false): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=@ae/source', MAIN, ...args], {
      env: { PATH: process.env['PATH'] },
    });
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      error += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, error });
    });
    if (closeOutput) child.stdout.destroy();
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

describe('policy-gate check', () => {
  it.each([
    [['check', 'npm test'], 0, /^allowed/],
    [['check', 'git reset --hard'], 2, /^needs approval .*\ninstead {2}git stash/],
    [['check', 'rm -rf /'], 3, /^denied/],
    [['check', '--preset', 'ci', 'terraform apply'], 3, /nobody is there/],
    [['check', '--sql', 'DROP TABLE users'], 3, /^denied/],
    [['check', '--url', 'http://169.254.169.254/'], 3, /^denied/],
    [['check', '--url', '--method', 'DELETE', 'https://example.com/1'], 2, /^needs approval/],
    [['check', '--language', 'python', 'print(1)'], 0, /^allowed/],
    [['check', '--home', '/home/me', '--cwd', '/home/me/x', 'rm -rf ~/x/dist'], 0, /^allowed/],
    [['check', '--action', 'deploy', '--context', '{"environment":"x"}'], 3, /does not allow/],
  ])('%j exits with %i', async (args, code, output) => {
    const result = await run(args);
    expect([result.code, result.error]).toEqual([code, '']);
    expect(result.out).toMatch(output);
  });

  it('reads from standard input', async () => {
    expect((await run(['check', '-'], 'rm -rf \\\n  /\n')).code).toBe(3);
    const long = await run(['check', '-'], 'x'.repeat(4 * 1024 * 1024 + 1));
    expect([long.code, long.error]).toEqual([
      1,
      'policy-gate: standard input is longer than 4 MiB\n',
    ]);
  });

  it.each<[string[], RegExp]>([
    [[], /name a command/],
    [['chekc', 'ls'], /"chekc" is no command/],
    [['check'], /needs a command/],
    [['check', 'rm', '-rf'], /Unknown option/],
    [['check', 'rm', 'x'], /quote the command/],
    [['check', 'ls', '--polciy', 'x'], /Unknown option '--polciy'/],
    [['check', 'ls', '--preset', 'lax'], /is no preset/],
    [['check', 'ls', '--context', '[]'], /no JSON object/],
    [['check', 'ls', '--policy', 'no-such.yaml'], /cannot be read from no-such.yaml/],
    [['check', 'ls', '--sql', '--language', 'python'], /exclude each other/],
  ])('%j is refused', async (args, message) => {
    const { code, out, error } = await run(args);
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(message);
  });

  it('underlines what was found', async () => {
    const { out } = await run(['check', '--explain', 'echo 你好 && git reset --hard\n\trm -rf ~']);
    expect(out).toContain(
      [
        '  echo 你好 && git reset --hard',
        '               ^^^^^^^^^^^^^^^^',
        '               git.reset-hard: vcs (discard): discards uncommitted work',
        '      rm -rf ~',
        '             ^',
      ].join('\n'),
    );
    expect(out).toMatch(/^effect {2}deny {5}files\.delete-home: /m);
    expect(out).not.toContain('\u001b');
  });

  it('colours when asked to, and passes no escape of the command to the terminal', async () => {
    const { out } = await run(['check', '--explain', '--color', 'rm -rf ~ \u001b[2J\u202e']);
    expect(out).toContain('\u001b[31m^\u001b[39m');
    expect(out).toContain('rm -rf ~ ^[[2J<U+202E>');
    expect(out.replaceAll(/\u001b\[3[0-9]m/g, '')).not.toContain('\u001b');
  });

  it('cuts a long line around what was found', async () => {
    const { out } = await run(['check', '--explain', '-'], `echo ${'a'.repeat(5000)}; rm -rf ~`);
    const marked = out.split('\n').findIndex((line) => /^ +\^$/.test(line));
    const lines = out.split('\n');
    expect(lines[marked - 1]?.charAt(lines[marked]?.indexOf('^') ?? 0)).toBe('~');
    expect(lines[marked - 1]?.length).toBeLessThan(200);
  });

  it('prints JSON', async () => {
    const decision = await run(['check', '--json', 'rm -rf /']);
    expect(JSON.parse(decision.out)).toMatchObject({ allowed: false });
    const explanation = await run(['check', '--json', '--explain', 'rm -rf /']);
    expect(JSON.parse(explanation.out)).toMatchObject({ decision: { allowed: false } });
  });

  it('ends quietly when its reader went away', async () => {
    const { code, error } = await run(['rules'], '', true);
    expect([code, error]).toEqual([0, '']);
  });
});

describe('policy-gate lint', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  const lint = (text: string): Promise<Result> => {
    const file = join(directory, 'policy.yaml');
    writeFileSync(file, text);
    return run(['lint', file]);
  };

  it('tells findings and errors with their places', async () => {
    const rule = '{ effect: deny, reason: r, when: { kind: vcs }';
    const doubled = await lint(`rules:\n  - ${rule}, id: a }\n  - ${rule}, id: b }\n`);
    expect(doubled.code).toBe(1);
    expect(doubled.out).toMatch(/policy\.yaml:3:5: shadowed b: "a" applies wherever/);
    const invalid = await lint('version: 1.0.0\nrlues: []\n');
    expect(invalid.code).toBe(1);
    expect(invalid.error).toMatch(/policy\.yaml:2:1: invalid rlues: is not a known field/);
    expect((await lint('version: 1.0.0\n')).code).toBe(0);
  });
});

it('policy-gate schema prints the schema, rules the rules, --version the version', async () => {
  const [schema, rules, version] = await Promise.all([
    run(['schema']),
    run(['rules']),
    run(['--version']),
  ]);
  expect(JSON.parse(schema.out)).toMatchObject({ type: 'object', additionalProperties: false });
  expect(rules.out).toMatch(/^git\.reset-hard +approve +discards uncommitted work$/m);
  expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
