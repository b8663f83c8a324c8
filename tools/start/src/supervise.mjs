/**
 * Runs a program that knows nothing of its starter, and ends it when standard input ends or on
 * SIGTERM: `node supervise.mjs COMMAND ARG...`. So the program does not outlive a launcher that was
 * killed. It inherits descriptor 3, which tells that a part is there.
 */
import { spawn } from 'node:child_process';

const patienceMs = 8000;
const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('Usage: node supervise.mjs COMMAND ARG...');

const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 3] });
let ending = false;

function end() {
  if (ending) return;
  ending = true;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), patienceMs).unref();
}

process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', end);
process.stdin.on('end', end).on('error', end).resume();
child.once('error', (error) => {
  process.stderr.write(`${command} does not start: ${error.message}\n`);
  process.exit(1);
});
child.once('exit', (code) => process.exit(code ?? 1));
