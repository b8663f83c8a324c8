import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import { concat } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM, isExact } from '../value.ts';
import type { Handler } from './run-call.ts';

function joined(args: readonly Value[]): { text: string; taint: number } {
  let taint = 0;
  for (const arg of args) taint |= arg.taint;
  return { text: args.map((arg) => arg.text).join(' '), taint };
}

function echo(_shell: Shell, call: Call): Stream {
  const end = call.args.findIndex((arg) => !/^-[neE]+$/.test(arg.text));
  const from = end < 0 ? call.args.length : end;
  const escapes = call.args.slice(0, from).some((arg) => arg.text.includes('e'));
  const { text, taint } = joined(call.args.slice(from));
  return { text: `${escapes ? unescape(text) : text}\n`, taint };
}

/** The escapes of `echo -e` and of printf's format. */
function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|0?([0-7]{1,3})|u([0-9a-fA-F]{1,4})|([abfnrtve\\]))/g,
    (_all, hex?: string, octal?: string, unicode?: string, letter?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16));
      const plain: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };
      return plain[letter ?? ''] ?? ' ';
    },
  );
}

function printf(shell: Shell, call: Call): Stream {
  let { args } = call;
  let variable: string | undefined;
  if (args[0]?.text === '-v') {
    variable = args[1]?.text;
    args = args.slice(2);
  }
  if (args[0]?.text === '--') args = args.slice(1);
  const [format, ...values] = args;
  if (format === undefined) return SILENT;
  const pattern = unescape(format.text);
  let { taint } = format;
  let text = '';
  let next = 0;
  // The format is used again until every argument went through it.
  for (let round = 0; round < 64; round += 1) {
    const before = next;
    text += pattern.replace(/%(?:%|[-+ #0-9.*]*([a-zA-Z]))/g, (all, kind?: string) => {
      if (kind === undefined) return all === '%%' ? '%' : all;
      const value = values[next];
      next += 1;
      taint |= value?.taint ?? 0;
      const given = value?.text ?? '';
      return kind === 'b' ? unescape(given) : given;
    });
    if (next === before || next >= values.length) break;
  }
  if (next > 0 && next < values.length) text += UNKNOWN;
  if (variable !== undefined) {
    shell.assign(call.state, variable, { text, taint });
    return SILENT;
  }
  return { text, taint };
}

/** Commands that print the files they are given (or pass their input on). */
function reader(values: string, keepsText: boolean, operandsBefore = 0): Handler {
  const spec = optionSpec(values);
  return (shell, call) => {
    const options = new Options(call.args, spec);
    const skip =
      operandsBefore > 0 && options.has('-e', '-f', '--regexp', '--file', '--expression')
        ? 0
        : operandsBefore;
    const files = options.operands.slice(skip);
    if (files.length === 0) {
      const stdin = call.stdin ?? UNKNOWN_STREAM;
      return keepsText ? stdin : { text: UNKNOWN, taint: stdin.taint };
    }
    let output: Stream = SILENT;
    for (const file of files) {
      const stream =
        file.text === '-' ? (call.stdin ?? UNKNOWN_STREAM) : shell.readFile(file, call.state, true);
      output = concat(output, keepsText ? stream : { text: UNKNOWN, taint: stream.taint });
    }
    return output;
  };
}

const BASE64 = optionSpec('-w -i -o --wrap --input --output');

function base64(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, BASE64);
  const input = inputOf(shell, call, options.value('-i', '--input') ?? options.operands[0]);
  if (!options.has('-d', '-D', '--decode', '-di')) return { text: UNKNOWN, taint: input.taint };
  return decoded(input, (text) => Buffer.from(text, 'base64').toString('utf8'));
}

function inputOf(shell: Shell, call: Call, file: Value | undefined): Stream {
  if (file === undefined || file.text === '-') return call.stdin ?? UNKNOWN_STREAM;
  return shell.readFile(file, call.state, true);
}

function decoded(input: Stream, decode: (text: string) => string): Stream {
  const taint = input.taint | Taint.decoded;
  if (!isExact(input.text) || input.text.length > 65_536) return { text: UNKNOWN, taint };
  const text = decode(input.text);
  return { text: isExact(text) ? text : UNKNOWN, taint };
}

function xxd(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-c -g -l -o -s -n'));
  const input = inputOf(shell, call, options.operands[0]);
  if (!options.has('-r', '-revert')) return { text: UNKNOWN, taint: input.taint };
  return decoded(input, (text) =>
    Buffer.from(text.replace(/[^0-9a-fA-F]/g, ''), 'hex').toString('utf8'),
  );
}

/** The names of variables without their values: `cut -d= -f1 .env`. */
function cut(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, CUT);
  const namesOnly =
    options.value('-d', '--delimiter')?.text === '=' &&
    options.value('-f', '--fields')?.text === '1';
  let taint = options.operands.length === 0 ? (call.stdin?.taint ?? 0) : 0;
  for (const file of options.operands) {
    taint |= shell.readFile(file, call.state, !namesOnly).taint;
  }
  return { text: UNKNOWN, taint: namesOnly ? 0 : taint };
}

const CUT = optionSpec('-b -c -d -f --delimiter --fields --characters --output-delimiter');

/** `openssl s_client`: a connection like any other. */
function tlsClient(shell: Shell, call: Call): Stream {
  const stdin = call.stdin?.taint ?? 0;
  if ((stdin & Taint.shell) !== 0) shell.remoteShell(call.span);
  shell.sent(stdin, call.span);
  return { text: UNKNOWN, taint: Taint.network };
}

function openssl(shell: Shell, call: Call): Stream {
  if (call.args[0]?.text === 's_client') return tlsClient(shell, call);
  const options = new Options(call.args, optionSpec('-in -out -k -pass -K -iv -passin -passout'));
  const input = inputOf(shell, call, options.value('-in'));
  const encodes = ['base64', 'enc'].includes(options.operands[0]?.text ?? '');
  if (!encodes) return { text: UNKNOWN, taint: 0 };
  const out = options.value('-out');
  const stream = options.flags.has('-d')
    ? { text: UNKNOWN, taint: input.taint | Taint.decoded }
    : { text: UNKNOWN, taint: input.taint };
  if (out === undefined) return stream;
  shell.remember(out.text, stream, false, call.state);
  return SILENT;
}

function reverse(_shell: Shell, call: Call): Stream {
  const input = call.stdin ?? UNKNOWN_STREAM;
  return decoded(input, (text) =>
    text
      .split('\n')
      .map((line) => Array.from(line).reverse().join(''))
      .join('\n'),
  );
}

/** `tr` of two literal sets is evaluated: it is how rot13 and padding hide a command. */
function translate(_shell: Shell, call: Call): Stream {
  const input = call.stdin ?? UNKNOWN_STREAM;
  const [first, second] = call.args;
  if (first === undefined || !isExact(input.text)) return { text: UNKNOWN, taint: input.taint };
  if (first.text === '-d' && second !== undefined) {
    const drop = new Set(characterSet(second.text));
    return {
      text: Array.from(input.text)
        .filter((character) => !drop.has(character))
        .join(''),
      taint: input.taint,
    };
  }
  if (first.text.startsWith('-') || second === undefined)
    return { text: UNKNOWN, taint: input.taint };
  const from = characterSet(first.text);
  const to = characterSet(second.text);
  const text = Array.from(input.text)
    .map((character) => {
      const index = from.indexOf(character);
      return index < 0 ? character : (to[Math.min(index, to.length - 1)] ?? character);
    })
    .join('');
  return { text, taint: input.taint };
}

function characterSet(text: string): string[] {
  const characters = Array.from(
    unescape(text.replaceAll('[:upper:]', 'A-Z').replaceAll('[:lower:]', 'a-z')),
  );
  const set: string[] = [];
  for (let index = 0; index < characters.length; index += 1) {
    const from = characters[index] ?? '';
    const to = characters[index + 2];
    if (characters[index + 1] === '-' && to !== undefined) {
      for (let code = from.charCodeAt(0); code <= to.charCodeAt(0) && set.length < 512; code += 1) {
        set.push(String.fromCharCode(code));
      }
      index += 2;
    } else set.push(from);
  }
  return set;
}

function tee(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec(''));
  const append = options.has('-a', '--append');
  const stdin = call.stdin ?? UNKNOWN_STREAM;
  for (const file of options.operands) {
    const procSub = file.text.startsWith('/dev/fd/s');
    if (!procSub) shell.writeFile(file.text, append, file, call.state);
    shell.remember(file.text, stdin, append, call.state);
  }
  return stdin;
}

const SED = optionSpec('-e -f -l -s --expression --file');

function sed(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, SED);
  const inPlace = [...options.flags].some(
    (flag) => flag.startsWith('-i') || flag.startsWith('--in-place'),
  );
  const scripted = options.has('-e', '-f', '--expression', '--file');
  const files = scripted ? options.operands : options.operands.slice(1);
  const script = scripted ? options.value('-e', '--expression') : options.operands[0];
  // GNU sed's `e` command and flag run their pattern space in a shell.
  if (
    script !== undefined &&
    /(?:^|[;}\n])\s*\d*\s*e\s|\/[gpI0-9]*e[gpI0-9]*\s*$/.test(script.text) &&
    /^s|^\d*e\s/.test(script.text)
  ) {
    const command = /^\d*e\s+([\s\S]*)$/.exec(script.text)?.[1];
    if (command !== undefined) shell.evaluateText(command, call.state, call.span);
    else shell.unresolved('runs what sed builds', call.span);
  }
  if (inPlace) {
    for (const file of files) shell.writeFile(file.text, false, file, call.state);
    return SILENT;
  }
  if (files.length === 0) {
    const stdin = call.stdin ?? UNKNOWN_STREAM;
    return { text: UNKNOWN, taint: stdin.taint };
  }
  let taint = 0;
  for (const file of files) taint |= shell.readFile(file, call.state, true).taint;
  return { text: UNKNOWN, taint };
}

/** `sort -o file` and `uniq input output` write what they print. */
const sort: Handler = (shell, call) => {
  const stream = SORT(shell, call);
  const output = new Options(call.args, optionSpec(SORT_VALUES)).value('-o', '--output');
  return output === undefined ? stream : writeOutput(shell, call, output, stream);
};

const uniq: Handler = (shell, call) => {
  const [input, output] = new Options(call.args, optionSpec(UNIQ_VALUES)).operands;
  const stream = UNIQ(shell, { ...call, args: input === undefined ? [] : [input] });
  return output === undefined ? stream : writeOutput(shell, call, output, stream);
};

const SORT_VALUES = '-k -t -o -S -T --key --field-separator --output';
const SORT = reader(SORT_VALUES, true);
const UNIQ_VALUES = '-f -s -w';
const UNIQ = reader(UNIQ_VALUES, true);

function writeOutput(shell: Shell, call: Call, output: Value, stream: Stream): Stream {
  shell.writeFile(output.text, false, output, call.state);
  shell.remember(output.text, stream, false, call.state);
  return SILENT;
}

/** awk can run commands: `system("...")`, `"cmd" | getline`. */
function awk(shell: Shell, call: Call): Stream {
  const options = new Options(
    call.args,
    optionSpec('-F -v -f -i --field-separator --assign --file'),
  );
  const scripted = options.has('-f', '--file');
  const program = scripted ? undefined : options.operands[0];
  if (program !== undefined) {
    if (/["']\/inet[46]?\/(?:tcp|udp)\//.test(program.text)) {
      if (/getline|system|\|&/.test(program.text)) shell.remoteShell(call.span);
    }
    for (const match of program.text.matchAll(
      /(?:print[^|\n]*\|\s*|)"((?:[^"\\]|\\.)*)"\s*(?:\|\s*getline)?/g,
    )) {
      const piped = /^print[^|\n]*\|/.test(match[0]) || /getline$/.test(match[0]);
      if (piped) shell.evaluateText(unescape(match[1] ?? ''), call.state, call.span);
    }
    if (/\bsystem\s*\(\s*[^"\s)]/.test(program.text)) {
      shell.unresolved('runs a command that awk builds', call.span);
    }
    for (const match of program.text.matchAll(/\bprint[^;}\n>]*>{1,2}\s*"([^"]+)"/g)) {
      shell.writeFile(match[1] ?? '', false, program, call.state);
    }
    for (const match of program.text.matchAll(/system\s*\(\s*"((?:[^"\\]|\\.)*)"/g)) {
      shell.evaluateText(unescape(match[1] ?? '').replaceAll('\\"', '"'), call.state, call.span);
    }
  }
  const files = scripted ? options.operands : options.operands.slice(1);
  let taint = call.stdin?.taint ?? 0;
  const inPlace = options.value('-i')?.text === 'inplace';
  for (const file of files) {
    if (inPlace) shell.writeFile(file.text, false, file, call.state);
    else taint |= shell.readFile(file, call.state, true).taint;
  }
  return { text: UNKNOWN, taint };
}

/** `gzip -k secret`, `zip out secret`: copies under another name, credentials included. */
function compress(suffix: string): Handler {
  return (shell, call) => {
    const options = new Options(call.args, optionSpec('-S --suffix'));
    const toOutput = options.has('-c', '--stdout', '--to-stdout');
    const keeps = toOutput || options.has('-k', '--keep', '-t', '--test', '-l', '--list');
    let taint = call.stdin?.taint ?? 0;
    for (const file of options.operands) {
      const stream = shell.readFile(file, call.state, false);
      taint |= stream.taint;
      // The file itself is replaced.
      if (!keeps) shell.writeFile(file.text, false, file, call.state);
      const ending = options.value('-S', '--suffix')?.text ?? suffix;
      if (!toOutput)
        shell.remember(
          file.text + ending,
          { text: UNKNOWN, taint: stream.taint },
          false,
          call.state,
        );
    }
    if (!toOutput && options.operands.length > 0) return SILENT;
    const decode = options.has('-d', '--decompress') ? Taint.decoded : 0;
    return { text: UNKNOWN, taint: taint | decode };
  };
}

const GREP = reader(
  '-e -f -m -A -B -C -d -D --regexp --file --include --exclude --exclude-dir --exclude-from --max-count --color',
  false,
  1,
);

/** Lines of an environment that name nothing secret are no secret. */
const grep: Handler = (shell, call) => {
  const stream = GREP(shell, call);
  const [pattern = '', ...places] = call.args
    .map(({ text }) => text)
    .filter((text) => !text.startsWith('-'));
  if (CREDENTIAL_PATTERN.test(pattern)) searchCredentials(shell, call, places);
  const harmless =
    !/^[.*^$\\\s]*$/.test(pattern) &&
    !/secret|token|pass|pwd|key|cred|auth|aws|^\W*\w$/i.test(pattern) &&
    !call.args.some((arg) => /^-[a-zA-Z]*v|^--invert/.test(arg.text));
  const fromEnvironment = ((call.stdin?.taint ?? 0) & Taint.secret) !== 0;
  return harmless && fromEnvironment ? { ...stream, taint: 0 } : stream;
};

const CREDENTIAL_PATTERN = /AKIA|gh[pousr]_|BEGIN [A-Z ]*PRIVATE|passw(?:or)?d|secret|api.?key/i;

/** Looking through a home or the whole machine for credentials, and not through a project. */
function searchCredentials(shell: Shell, call: Call, places: readonly string[]): void {
  const wide = places.find((place) => {
    const { targetClass } = shell.classify(place, call.state);
    return targetClass === 'root' || targetClass === 'home';
  });
  if (wide === undefined) return;
  shell.report(
    'credential_read',
    'search',
    'approve',
    'credentials.search',
    'looks for credentials beyond the workspace',
    call.span,
    { target: wide },
  );
}

const LESS = reader('-p -P -x -h -j -k -o -t -T -y -z', false);

/** `less '+!cmd'` leaves for the shell. */
const pager: Handler = (shell, call) => {
  for (const { text } of call.args) {
    if (text.startsWith('+!')) shell.evaluateText(text.slice(2), call.state, call.span);
  }
  return LESS(shell, { ...call, args: call.args.filter(({ text }) => !text.startsWith('+')) });
};

export const TEXT: Readonly<Record<string, Handler>> = {
  echo,
  printf,
  cat: reader('', true),
  tac: reader('-s', false),
  bat: reader('-l -r --language --line-range --theme', false),
  nl: reader('-b -d -f -h -i -l -n -s -v -w', false),
  man: (shell, call) => {
    const pager = new Options(call.args, optionSpec('-P --pager')).value('-P', '--pager');
    if (pager !== undefined) shell.evaluateText(pager.text, call.state, call.span);
    return UNKNOWN_STREAM;
  },
  less: pager,
  more: reader('-n --lines', false),
  head: reader('-n -c --lines --bytes', true),
  tail: reader('-n -c -s --lines --bytes --pid', true),
  diff: reader('-U -C -I -x -X --exclude --label --color', false),
  comm: reader('', false),
  pr: reader('-l -w -h', false),
  shuf: reader('-n -e -i', false),
  iconv: reader('-f -t --from-code --to-code', false),
  strings: reader('-n -t -e --bytes --radix', false),
  hexdump: reader('-n -s -e -f', false),
  od: reader('-A -j -N -t -w -S', false),
  cut,
  sort,
  uniq,
  paste: reader('-d', false),
  fold: reader('-w', false),
  column: reader('-t -s -o -c', false),
  grep,
  egrep: grep,
  fgrep: grep,
  rg: reader('-e -f -g -t -T -m -A -B -C -d -j -r --glob --type', false, 1),
  jq: reader('-f --arg --argjson --indent', false, 1),
  yq: reader('', false, 1),
  base32: base64,
  base64,
  gbase64: base64,
  xxd,
  openssl,
  rev: reverse,
  tr: translate,
  tee,
  sed,
  gsed: sed,
  awk,
  gawk: awk,
  mawk: awk,
  gzip: compress('.gz'),
  bzip2: compress('.bz2'),
  xz: compress('.xz'),
  zstd: compress('.zst'),
  gunzip: (_shell, call) => ({ text: UNKNOWN, taint: (call.stdin?.taint ?? 0) | Taint.decoded }),
  zcat: (_shell, call) => ({ text: UNKNOWN, taint: (call.stdin?.taint ?? 0) | Taint.decoded }),
  uudecode: (_shell, call) => ({ text: UNKNOWN, taint: (call.stdin?.taint ?? 0) | Taint.decoded }),
  wc: (shell, call) => {
    for (const arg of call.args)
      if (!arg.text.startsWith('-')) shell.readFile(arg, call.state, false);
    return { text: UNKNOWN, taint: 0 };
  },
};
