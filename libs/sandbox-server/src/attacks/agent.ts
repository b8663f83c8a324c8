/** A guest against its own agent, and a taken-over agent against the server and its caller. */
import { seen, type Attack, type AttackFamily, type AttackTarget } from './attack.ts';
import { stopAgent, takeOverAgent } from './agent-takeover.ts';

/** A kill asks nothing of the guest, so that it may not take long whatever the guest does. */
const KILL_WITHIN_MS = 10_000;
const NOT_TAKEN = 'the agent does not let itself be taken over';

/** Whether the server and its other sandboxes go on, and this one can be ended soon. */
async function aftermath({
  guest,
  sibling,
  server,
}: AttackTarget): Promise<Record<string, boolean>> {
  const other = await sibling();
  const health = await fetch(`${server.url}/health`, { signal: AbortSignal.timeout(10_000) });
  const started = Date.now();
  await guest.kill();
  return {
    'the server does not answer': health.status !== 204,
    'another sandbox does not answer': !(await other.isAlive()),
    'it took long to kill': Date.now() - started > KILL_WITHIN_MS,
    'it is still listed': await guest.isListed(),
  };
}

const killed: Attack = {
  name: 'signals that end the agent',
  expected: 'they end this sandbox only',
  spoils: true,
  attempt: async (target) => {
    const { guest } = target;
    const { exitCode } = await guest.run(
      'for signal in HUP INT TERM QUIT ABRT SEGV KILL; do kill -$signal $PPID; sleep 0.05; done; sleep 60',
      3_000,
    );
    // As process 1 of a container an agent takes no signal of its own.
    return seen(exitCode === -1 ? 'the sandbox ended' : 'the agent took no notice', {
      ...(await aftermath(target)),
    });
  },
};

const stopped: Attack = {
  name: 'a stopped agent (SIGSTOP)',
  expected: 'the server goes on, a kill works at once',
  spoils: true,
  attempt: async (target) => {
    await stopAgent(target.server, target.guest);
    return seen('killed all the same', await aftermath(target));
  },
};

const fakeEnvd: Attack = {
  name: 'a fake envd on its port inside the guest',
  expected: 'the caller speaks to the real one',
  attempt: async ({ guest }) => {
    const fake = await guest.start(
      `node -e 'require("http").createServer((q, r) => r.end("FAKE")).listen(49983, "0.0.0.0", () => console.log("up"))'`,
    );
    const answers = [
      (
        await guest.run(
          'for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/49983) 2>/dev/null && break; sleep 0.05; done; echo real',
        )
      ).stdout,
      (await guest.request('GET', '/health')).body,
      (await guest.read('/etc/hosts')).body,
    ];
    await guest.end(fake);
    return seen(answers[0] ?? '', {
      'the fake one answered': answers.some((answer) => answer.includes('FAKE')),
      'the real one did not answer': answers[0] !== 'real\n',
    });
  },
};

/** The agent answers each path below /files by what `path` names. */
const HOSTILE_ANSWERS = `(() => {
  const { Http2ServerResponse } = require('http2');
  const { writeHead } = Http2ServerResponse.prototype;
  const heads = {
    redirect: [302, { location: 'http://127.0.0.1:1/steal' }],
    location: [200, { location: 'http://127.0.0.1:1/steal', 'set-cookie': 'a=b', 'x-other': 'c' }],
    moved: [308, { location: 'http://127.0.0.1:1/steal' }],
    odd: [700, {}],
    early: [199, {}],
    nothing: [204, {}],
    many: [200, Object.fromEntries(Array.from({ length: 200 }, (_, i) => ['x-' + i, 'x'.repeat(400)]))],
    short: [200, { 'content-length': '5' }],
  };
  Http2ServerResponse.prototype.writeHead = function (...args) {
    const mode = new URL(this.req.url, 'http://x').searchParams.get('path');
    const head = heads[mode];
    if (head === undefined) return writeHead.apply(this, args);
    try {
      this.stream.respond({ ':status': head[0], ...head[1] });
      this.stream.end('HTTP/1.1 200 OK\\r\\ncontent-length: 5\\r\\n\\r\\nEVIL!');
    } catch { this.stream.close(2); }
    return this;
  };
  return 'taken';
})()`;

const hostileAnswers: Attack = {
  name: 'an agent taken over, answering its caller with redirects, cookies and false lengths',
  expected: 'nothing of it reaches the caller',
  spoils: true,
  attempt: async (target) => {
    const { guest } = target;
    if (!(await takeOverAgent(guest, HOSTILE_ANSWERS)))
      return seen(NOT_TAKEN, await aftermath(target));
    const faults: Record<string, boolean> = {};
    const told: string[] = [];
    for (const mode of [
      'redirect',
      'location',
      'moved',
      'odd',
      'early',
      'nothing',
      'many',
      'short',
    ]) {
      const { status, headers } = await guest.request('GET', `/files?path=${mode}`, {
        timeoutMs: 10_000,
      });
      told.push(`${mode} ${status}`);
      faults[`${mode}: a redirect`] = status >= 300 && status < 400;
      faults[`${mode}: a status that is none`] = status !== 0 && (status < 200 || status > 599);
      for (const name of ['location', 'set-cookie', 'x-other', 'x-1']) {
        faults[`${mode}: the header ${name}`] = headers.has(name);
      }
    }
    return seen(told.join(', '), { ...faults, ...(await aftermath(target)) });
  },
};

const garbage: Attack = {
  name: 'an agent taken over, writing garbage into its channel',
  expected: 'the sandbox is lost, the server goes on',
  spoils: true,
  attempt: async (target) => {
    const { guest } = target;
    const script = `{
      const fs = require('fs');
      const isChannel = (fd) => { try { return fs.fstatSync(fd).isSocket(); } catch { return false; } };
      fs.writeSync(isChannel(3) ? 3 : 1, require('crypto').randomBytes(65536));
    }`;
    const taken = await takeOverAgent(guest, script);
    const { status } = await guest.request('GET', '/files?path=/etc/hosts', { timeoutMs: 10_000 });
    return seen(taken ? `then answers ${status}` : NOT_TAKEN, {
      'the garbage had no effect': taken && status === 200,
      ...(await aftermath(target)),
    });
  },
};

const halfClosed: Attack = {
  name: 'an agent taken over, half-closing its channel',
  expected: 'calls fail soon, a kill works',
  spoils: true,
  attempt: async (target) => {
    const { guest } = target;
    const script = `
      process.exit = () => undefined;
      for (const handle of process._getActiveHandles()) {
        if (handle._handle?.fd === 3 || handle === process.stdout) {
          handle.removeAllListeners('close').on('error', () => undefined);
          handle.end();
        }
      }`;
    const taken = await takeOverAgent(guest, script);
    const started = Date.now();
    const answer = await guest.request('GET', '/files?path=/etc/hosts', { timeoutMs: 10_000 });
    return seen(taken ? `then answers ${answer.status}` : NOT_TAKEN, {
      'a call has no end': taken && Date.now() - started >= 10_000,
      'the half-close had no effect': taken && answer.status === 200,
      ...(await aftermath(target)),
    });
  },
};

export const AGENT_ATTACKS: AttackFamily = {
  name: 'agent',
  attacks: [killed, stopped, fakeEnvd, hostileAnswers, garbage, halfClosed],
};
