/**
 * How long a check takes, beside the parser alone on the same commands in the same run.
 *
 *   npm run bench -- speed [<file of JSON lines with a `command`>]
 *
 * Each command is measured by itself, many rounds, the median round kept; p50 and p99 are over the
 * commands.
 */
import { readFileSync } from 'node:fs';

import { parse } from 'unbash';

import { PolicyGate } from '../src/index.ts';

const SAMPLES = [
  'npm test',
  'git status --short',
  'git commit -m "fix: keep the lock"',
  'rm -rf node_modules dist',
  'docker compose up -d --build',
  'cd packages/api && npm run build && node dist/index.js',
  "find . -name '*.pyc' -delete",
  'for f in src/*.ts; do echo "$f"; wc -l "$f"; done',
  'curl -fsSL https://example.com/a.tgz -o /tmp/a.tgz && tar xzf /tmp/a.tgz -C /tmp/a',
  "psql -c 'SELECT count(*) FROM users WHERE id > 10'",
  'sudo bash -c "echo $(date) >> /tmp/log"',
  'cat package.json | grep version | head -1',
];

/** Programs of the length that agents write. */
const CODE = [
  [
    'python',
    `import json, sys
data = json.load(sys.stdin)
for item in data['items']:
    if item.get('active'):
        print(item['id'], item['name'])
`,
  ],
  [
    'python',
    `import subprocess
from pathlib import Path

out = Path('out')
out.mkdir(exist_ok=True)
version = subprocess.check_output(['git', 'describe', '--tags']).decode().strip()
(out / 'version.txt').write_text(version)
`,
  ],
  [
    'python',
    `import os, requests

token = os.environ['API_TOKEN']
response = requests.get(
    'https://api.example.com/items',
    headers={'Authorization': f'Bearer {token}'},
    timeout=10,
)
response.raise_for_status()
rows = [r for r in response.json() if r['price'] > 10]
print(len(rows), sum(r['price'] for r in rows))
`,
  ],
  ['python', "import shutil\nshutil.rmtree('build', ignore_errors=True)\n"],
  [
    'javascript',
    `const fs = require('fs');
const pkg = JSON.parse(fs.readFileSync('package.json', 'utf8'));
pkg.version = process.argv[2];
fs.writeFileSync('package.json', JSON.stringify(pkg, null, 2) + '\\n');
`,
  ],
  [
    'typescript',
    `import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

async function main(): Promise<void> {
  for (const name of await readdir('src')) {
    const text = await readFile(path.join('src', name), 'utf8');
    console.log(name, text.split('\\n').length);
  }
}
await main();
`,
  ],
  [
    'javascript',
    `const { execSync } = require('child_process');
const files = execSync('git diff --name-only').toString().trim().split('\\n');
for (const file of files.filter((name) => name.endsWith('.ts'))) console.log(file);
`,
  ],
  [
    'javascript',
    `fetch('https://api.example.com/users').then((r) => r.json()).then((users) => {
  console.log(users.map((u) => u.name).join(', '));
});
`,
  ],
].map(([language, code]) => ({ language, code }));

const [file] = process.argv.slice(2);
const commands =
  file === undefined
    ? SAMPLES
    : readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).command)
        .slice(0, 3000);

const gate = new PolicyGate();
const rules = Array.from({ length: 100 }, (_unused, index) => ({
  id: `rule-${String(index)}`,
  effect: 'approve',
  when: { environment: `env-${String(index)}`, tool: `tool-${String(index)}` },
  reason: 'benchmark',
}));
const ruled = new PolicyGate({ rules });

function measure(inputs, run) {
  for (let round = 0; round < 20; round += 1) for (const input of inputs) run(input);
  const rounds = file === undefined ? 2000 : 9;
  const times = inputs.map((input) => {
    const samples = [];
    for (let round = 0; round < rounds; round += 1) {
      const from = process.hrtime.bigint();
      run(input);
      samples.push(Number(process.hrtime.bigint() - from) / 1000);
    }
    return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
  });
  times.sort((a, b) => a - b);
  return {
    p50: times[Math.floor(times.length * 0.5)],
    p99: times[Math.floor(times.length * 0.99)],
  };
}

function visit(node) {
  // Reading the lazy parts is what any walk pays.
  if (node === null || typeof node !== 'object') return;
  for (const key of ['commands', 'command', 'parts', 'script', 'suffix', 'name', 'body']) {
    const child = node[key];
    if (Array.isArray(child)) for (const item of child) visit(item);
    else if (child !== undefined) visit(child);
  }
}

const parsed = measure(commands, (command) => visit(parse(command)));
const checked = measure(commands, (command) => gate.checkAction('execute_code', { command }));
const code = measure(CODE, (context) => gate.checkAction('execute_code', context));
const plain = measure(['production', 'staging'], (environment) =>
  ruled.checkAction('call_tool', { tool: 'search', environment }),
);

console.log(`${String(commands.length)} commands, microseconds\n`);
console.log('| what | p50 | p99 |\n|---|---|---|');
for (const [name, { p50, p99 }] of [
  ['unbash parse and walk alone', parsed],
  ['full check of a command', checked],
  ['code payload', code],
  ['no command, 100 rules', plain],
]) {
  console.log(`| ${name} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`);
}
console.log(
  `\nratio to the parser: p50 ${(checked.p50 / parsed.p50).toFixed(1)}, p99 ${(checked.p99 / parsed.p99).toFixed(1)}`,
);

console.log('\n| hostile input | ms | answer |\n|---|---|---|');
const hostile = {
  '100 KB of statements': 'echo a;'.repeat(14_000) + 'rm -rf /',
  '5,000 nested $(': `${'$('.repeat(5000)}rm -rf /${')'.repeat(5000)}`,
  '60 nested $(': `${'echo $('.repeat(60)}rm -rf /${')'.repeat(60)}`,
  '100 KB of padding': `${' '.repeat(100_000)}rm -rf /`,
  '1 MB': `echo ${'a'.repeat(1_000_000)}; rm -rf /`,
  'brace bomb': `echo ${'{a,b}'.repeat(30)}; rm -rf /`,
  'nested defaults': `${'echo ${a:-$('.repeat(30)}rm -rf /${')}'.repeat(30)}`,
  'quote soup': `${'"\'`$('.repeat(20_000)}`,
  'doubling variable': `a=aaaaaaaaaa; ${'a=$a$a; '.repeat(40)} rm -rf /$a`,
  'functions in functions': `${Array.from({ length: 30 }, (_u, i) => `f${String(i)}(){ f${String(i + 1)}; f${String(i + 1)}; }; `).join('')}f0; rm -rf /`,
  'nested loops': `${Array.from({ length: 8 }, (_u, i) => `for a${String(i)} in 1 2 3 4 5 6 7 8 9; do `).join('')} echo x; ${'done;'.repeat(8)} rm -rf /`,
  'sql of 100 KB': `psql -c "${'select 1;'.repeat(11_000)} drop table x"`,
  'code of 100 KB': `python -c '${'x=1;'.repeat(25_000)}'; rm -rf /`,
};
for (const [name, command] of Object.entries(hostile)) {
  const from = process.hrtime.bigint();
  const decision = gate.checkAction('execute_code', { command });
  const time = Number(process.hrtime.bigint() - from) / 1e6;
  const answer = decision.allowed ? 'ALLOWED' : decision.requires_approval ? 'approval' : 'denied';
  console.log(
    `| ${name} | ${time.toFixed(1)} | ${answer} (${decision.coverage.limits.join(', ')}) |`,
  );
}
