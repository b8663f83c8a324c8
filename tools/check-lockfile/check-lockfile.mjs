/** Checks package-lock.json: `node tools/check-lockfile/check-lockfile.mjs [LOCKFILE]`. */
import { readFileSync } from 'node:fs';
import { lockfileFaults } from './src/lockfile-faults.mjs';

/** @param {string | URL} file */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

const lockfile = process.argv[2] ?? new URL('../../package-lock.json', import.meta.url);
const licences = readJson(new URL('./licences.json', import.meta.url));
const faults = lockfileFaults(readJson(lockfile).packages, licences);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
