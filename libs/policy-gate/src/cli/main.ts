#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';

import { runCli } from './run-cli.ts';

/** Characters of standard input that are read; the analysis asks about far less than this. */
const MAX_INPUT = 4 * 1024 * 1024;

async function readInput(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > MAX_INPUT) throw new Error('standard input is longer than 4 MiB');
  }
  // What a shell does with the last line break of a file.
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}

// A reader that went away (`| head -1`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  readInput,
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  colour: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
  version: packageVersion(),
  cwd: process.cwd(),
  home: homedir(),
});
