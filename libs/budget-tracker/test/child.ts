import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A script of this folder as a process of its own. */
export interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly lines: Interface;
  /** Its exit code; null when a signal has ended it. */
  readonly exit: Promise<number | null>;
  /** Ends it where it has not ended by itself. */
  readonly kill: () => void;
  /** Waits until it has ended with 0. @throws Error with what it wrote to standard error. */
  readonly succeeded: () => Promise<void>;
}

/** Starts `test/<name>.ts`, which prints `ready` as its first line once it is. */
export async function startChild(name: string, args: readonly string[]): Promise<Child> {
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const flags = ['--conditions=@ae/source', '--disable-warning=ExperimentalWarning'];
  const process_ = spawn(process.execPath, [...flags, script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const exit = once(process_, 'exit').then(([code]) => code as number | null);
  const errors = text(process_.stderr);
  const lines = createInterface(process_.stdout);
  const first: unknown = await Promise.race([
    once(lines, 'line').then(([line]) => line as unknown),
    exit.then((code) => `exit ${String(code)}`),
  ]);
  if (first !== 'ready') {
    throw new Error(`${name} did not start: ${String(first)}\n${await errors}`);
  }
  const succeeded = async (): Promise<void> => {
    const code = await exit;
    if (code !== 0) throw new Error(`${name} ended with ${String(code)}:\n${await errors}`);
  };
  const kill = (): void => void process_.kill('SIGKILL');
  return { process: process_, lines, exit, kill, succeeded };
}
