/** Pseudo-terminals of a real guest, through E2B's SDK and raw calls. */
import type { CommandHandle } from 'e2b';
import { describeGuest, startGuest, until, type TestGuest } from '../testing/guest-fixture.ts';

describeGuest('pseudo-terminals', () => {
  let guest: TestGuest;
  let output = '';

  beforeAll(async () => {
    guest = await startGuest();
  });

  afterAll(async () => {
    await guest.server.stop();
  });

  async function open(options: object = {}): Promise<CommandHandle> {
    output = '';
    const decoder = new TextDecoder();
    return guest.sandbox.pty.create({
      cols: 80,
      rows: 24,
      onData: (bytes) => {
        output += decoder.decode(bytes, { stream: true });
      },
      ...options,
    });
  }

  const type = (terminal: CommandHandle, text: string): Promise<void> =>
    guest.sandbox.pty.sendInput(terminal.pid, new TextEncoder().encode(text));

  const shows = (pattern: RegExp): Promise<void> => until(() => pattern.test(output));

  const exitCode = async (terminal: CommandHandle): Promise<number> => {
    try {
      return (await terminal.wait()).exitCode;
    } catch (error) {
      return (error as { exitCode: number }).exitCode;
    }
  };

  const end = async (terminal: CommandHandle): Promise<void> => {
    expect(await guest.sandbox.pty.kill(terminal.pid)).toBe(true);
    expect(await exitCode(terminal)).toBe(137);
  };

  it('are terminals with a size, an environment and a shell that is interactive', async () => {
    const terminal = await open({ cols: 91, rows: 17, envs: { GREETING: "it's" }, cwd: '/tmp' });
    await type(terminal, 'echo "$GREETING|$TERM|$SHELL|$PWD|$$|$-"; stty size; test -t 0 && tty\n');
    await shows(
      new RegExp(`it's\\|xterm-256color\\|/bin/bash\\|/tmp\\|${terminal.pid}\\|\\w*i\\w*\\r\\n`),
    );
    await shows(/17 91\r\n\/dev\/pts\/\d+\r\n/);
    await type(terminal, 'exit 5\n');
    expect(await exitCode(terminal)).toBe(5);
  });

  it('are resized, and tell the program in them', async () => {
    const terminal = await open();
    const program = `trap "stty size" WINCH; echo re""ady; while :; do sleep 0.01; done`;
    await type(terminal, `sh -c '${program}'\n`);
    await shows(/ready/);
    await guest.sandbox.pty.resize(terminal.pid, { cols: 133, rows: 7 });
    await shows(/\n7 133/);
    await end(terminal);
  });

  it('turn control characters into signals and the end of input', async () => {
    const terminal = await open();
    await type(terminal, 'sleep 1000; echo rc=$?\n');
    await until(async () => (await guest.run('pgrep -x sleep')).exitCode === 0);
    await type(terminal, '\u0003');
    await shows(/\^C/);
    await type(terminal, 'cat; echo rc=$?\n');
    await type(terminal, 'echoed\n\u0004');
    await shows(/echoed\r\nechoed\r\nrc=0/);
    await type(terminal, '\u0004');
    expect(await exitCode(terminal)).toBe(0);
  });

  it('keep all output, in order, for a caller that comes later too', async () => {
    const terminal = await open();
    await type(
      terminal,
      'stty -echo; for i in $(seq 20000); do echo line $i; done; echo all d""one\n',
    );
    await shows(/all done\r\n/);
    const numbers = [...output.matchAll(/^line (\d+)\r$/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
    await terminal.disconnect();
    let later = '';
    const again = await guest.sandbox.pty.connect(terminal.pid, {
      onData: (bytes) => {
        later += Buffer.from(bytes).toString();
      },
    });
    await type(terminal, 'echo la"t"er; exit\n');
    expect(await exitCode(again)).toBe(0);
    expect(later).toContain('later\r\n');
  });

  it('end with all that runs in them when they are killed or their time is over', async () => {
    const jobs = 'sleep 7001 & setsid sleep 7002 & (setsid sh -c "setsid sleep 7003 &" &)\n';
    const alive = async (): Promise<boolean> =>
      (await guest.run('pgrep -f "sleep 700"')).exitCode === 0;
    const killed = await open();
    await type(killed, jobs);
    await until(async () => (await guest.run('pgrep -fc "^sleep 700"')).stdout === '3\n');
    await end(killed);
    await until(async () => !(await alive()));
    expect((await guest.run(`kill -0 ${killed.pid}`)).exitCode).toBe(1);
    expect(await guest.sandbox.pty.kill(killed.pid)).toBe(false);

    const late = await open({ timeoutMs: 3000 });
    await type(late, jobs);
    await expect(late.wait()).rejects.toThrow();
    await until(async () => !(await alive()));
    expect((await guest.run('pgrep -x script')).stdout).toBe('');
  });

  it('take input as pty only, and only processes that have one', async () => {
    const terminal = await open();
    const { pid } = terminal;
    const plain = await guest.sandbox.commands.run('cat', { background: true, stdin: true });
    const refused: [string, object][] = [
      ['SendInput', { process: { pid }, input: { stdin: 'YQ==' } }],
      ['SendInput', { process: { pid: plain.pid }, input: { pty: 'YQ==' } }],
      ['CloseStdin', { process: { pid } }],
      ['Update', { process: { pid: plain.pid }, pty: { size: { cols: 1, rows: 1 } } }],
    ];
    for (const [name, message] of refused) {
      expect(await guest.call(`/process.Process/${name}`, message)).toMatchObject({
        code: 'failed_precondition',
      });
    }
    for (const size of [{}, { cols: 0, rows: 1 }, { cols: 1, rows: 65_536 }, { cols: 'x' }, 1]) {
      expect(
        await guest.call('/process.Process/Update', { process: { pid }, pty: { size } }),
      ).toMatchObject({ code: 'invalid_argument' });
    }
    await end(terminal);
    await plain.kill();
    expect(await exitCode(plain)).toBe(137);
  });

  it('are refused by type where the guest has no script', async () => {
    const terminal = open({ envs: { PATH: '/nowhere' } });
    await expect(terminal).rejects.toThrow(/unimplemented.*script/);
    expect((await guest.run('echo alive')).stdout).toBe('alive\n');
  });

  it('are listed as the command that runs in them', async () => {
    const terminal = await open();
    const listed = await guest.sandbox.commands.list();
    expect(listed.find(({ pid }) => pid === terminal.pid)).toMatchObject({
      cmd: '/bin/bash',
      args: ['-i', '-l'],
    });
    await end(terminal);
  });
});
