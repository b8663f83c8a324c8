/** Commands of a real guest: what ends with them, and what they find there. */
import { readFileSync } from 'node:fs';
import { describeGuest, startGuest, until, type TestGuest } from '../testing/guest-fixture.ts';

describeGuest('commands', () => {
  let guest: TestGuest;

  beforeAll(async () => {
    guest = await startGuest();
  });

  afterAll(async () => {
    await guest.server.stop();
  });

  const out = async (command: string): Promise<string> => (await guest.run(command)).stdout;

  const DETACHED = {
    'a double fork': '(sleep 8001 > /dev/null 2>&1 &)',
    'a session of its own': 'setsid sleep 8001 > /dev/null 2>&1 &',
    'two sessions and two forks':
      'setsid sh -c "setsid sleep 8001 > /dev/null 2>&1 & exit" > /dev/null 2>&1',
    'an environment of its own':
      'env -i /usr/bin/setsid /bin/sh -c "/usr/bin/setsid /bin/sleep 8001 & exit" > /dev/null 2>&1',
  };

  it('that time out take with them what they detached', async () => {
    const pattern = "'^(/bin/)?sleep 80'";
    const ended = Object.values(DETACHED).map((detach, index) => {
      const twice = [`801${index}`, `802${index}`].map((time) => detach.replace('8001', time));
      return expect(guest.run(`${twice.join('\n')}\nsleep 8000`, 5000)).rejects.toThrow();
    });
    await until(async () => (await out(`pgrep -fc ${pattern}`)) === '12\n');
    await Promise.all(ended);
    await until(async () => (await out(`pgrep -f ${pattern}`)) === '');
  });

  it('that time out or are killed leave alone what others started', async () => {
    // One that ended, one that runs, and one more that is killed.
    await guest.run('setsid sh -c "sleep 8101 > /dev/null 2>&1 & exit"');
    const running = await guest.sandbox.commands.run('(sleep 8102 &); exec sleep 8103', {
      background: true,
    });
    const killed = await guest.sandbox.commands.run('(sleep 8104 &); exec sleep 8105', {
      background: true,
    });
    await until(async () => (await out("pgrep -fc '^sleep 810'")) === '5\n');
    await expect(guest.run('(sleep 8106 &); sleep 8107', 500)).rejects.toThrow();
    await killed.kill();
    await expect(killed.wait()).rejects.toThrow();
    await until(async () => (await out("pgrep -f '^sleep 810[4-7]'")) === '');
    expect(await out("pgrep -fc '^sleep 810'")).toBe('3\n');
    await running.kill();
    await expect(running.wait()).rejects.toThrow();
    expect(await out("pgrep -fa '^sleep 810' | cut -d ' ' -f 2-")).toBe('sleep 8101\n');
    await guest.run('pkill sleep');
  });

  it('are marked apart after hundreds of them, beside one that stays', async () => {
    await guest.run('setsid sh -c "sleep 8201 > /dev/null 2>&1 & exit"');
    const stays = await out('cat /proc/$(pgrep -x sleep)/oom_score_adj');
    const marks = new Set<string>();
    for (let round = 0; round < 15; round += 1) {
      const seen = await Promise.all(
        Array.from({ length: 20 }, () => out('cat /proc/self/oom_score_adj')),
      );
      seen.forEach((mark) => marks.add(mark));
    }
    expect(marks.has(stays)).toBe(false);
    expect(marks.size).toBeGreaterThan(90);
    const numbers = [...marks].map(Number);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...numbers)).toBeLessThan(600);
    // The agent becomes itself again; the command may be there first.
    const score = 'cat /proc/$PPID/oom_score_adj';
    const agents = Number(await out(`until [ $(${score}) -lt 500 ]; do :; done; ${score}`));
    expect(agents).toBe(Number(readFileSync('/proc/self/oom_score_adj', 'utf8')));
    await guest.run('pkill sleep');
  });

  it('may have more time than a timer can wait for', async () => {
    // E2B's SDK cannot wait for so long itself.
    const message = JSON.stringify({ process: { cmd: 'sh', args: ['-c', 'sleep 0.2; exit 3'] } });
    const body = Buffer.from(`\0\0\0\0\0${message}`);
    body.writeUInt32BE(message.length, 1);
    const answer = await guest.request('/process.Process/Start', {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        'content-type': 'application/connect+json',
        'connect-timeout-ms': String(2 ** 31 + 1000),
      },
    });
    expect(await answer.text()).toContain('"exitCode":3');
  });

  it('are refused when their arguments are too long', async () => {
    const long = guest.run(`: ${'x'.repeat(200_000)}`);
    await expect(long).rejects.toThrow('invalid_argument');
  });

  it.each([
    ['echo hello', 'hello\n'],
    ['-n -E -u root echo hello', 'hello\n'],
    ['-nEuroot -p prompt -- echo -n hello', 'hello'],
    ['--user=root --preserve-env=A --group root echo hello', 'hello\n'],
    ["A='b c' sh -c 'echo $A'", 'b c\n'],
    ['-D /tmp pwd', '/tmp\n'],
    ['-i pwd', '/home/user\n'],
    ['-k', ''],
    ['-v', ''],
    ['id -u', '1000\n'],
    ['-s < /dev/null', ''],
  ])('find a sudo that runs `sudo %s` as the same user', async (args, stdout) => {
    expect(await guest.run(`sudo ${args}`)).toMatchObject({ stdout, stderr: '', exitCode: 0 });
  });

  it('find a sudo that hands on exit codes and knows its use', async () => {
    expect((await guest.run("sudo sh -c 'exit 7'")).exitCode).toBe(7);
    expect((await guest.run('sudo')).stderr).toContain('usage');
    expect((await guest.run('sudo -u')).exitCode).toBe(1);
  });
});
