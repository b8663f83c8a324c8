import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of its own for a test, gone after it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'ae-start-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes an executable shell script. */
export function writeScript(file: string, body: string): void {
  writeText(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

/** Writes a file and the folders above it. */
export function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Collects what a launcher says. */
export function recordedProgress(): {
  lines: string[];
  note: (text: string) => void;
  step: <T>(title: string, work: (detail: (text: string) => void) => Promise<T>) => Promise<T>;
} {
  const lines: string[] = [];
  return {
    lines,
    note: (text) => void lines.push(text),
    step(title, work) {
      lines.push(title);
      return work((detail) => void lines.push(detail));
    },
  };
}
