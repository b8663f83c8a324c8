import {
  CodeSet,
  inClass,
  CLASS_BITS,
  isBlank,
  isLineBreak,
  isSpace,
  isWordCode,
} from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { isLearnable } from './learnable.ts';
import { isPlaceholder } from './placeholders.ts';
import { isQuote, lineBefore, skipBlanks } from './reading.ts';
import { isRandom } from './value-score.ts';

const VALUE_WINDOW = 1024;
const GREATER = 62;
const BACKSLASH = 92;

/** How a program takes a secret on its command line. */
interface CommandLineSecret {
  /** What stands before the value, with the blank before it. */
  readonly flag: string;
  /** The programs, as alternatives of a regular expression over the line before the flag; none when it names its own. */
  readonly programs: string;
  /** Whether the value follows at once, behind a blank, or either. */
  readonly place: 'attached' | 'apart' | 'either';
  /** Words between the flag and the value: names, files. */
  readonly skip?: number;
  /** The value stands behind this mark in its word: `user:password`. */
  readonly behind?: string;
  /** The flag is an ordinary word: only a value that is none counts. */
  readonly isRandom?: true;
  /** The value is the last word of the line. */
  readonly isLast?: true;
  /** Each further word with that mark has a value, too. */
  readonly isList?: true;
}

const MYSQL = 'mysql\\w*|mariadb[\\w-]*';
const REGISTRY =
  '(?:docker|podman|nerdctl|buildah|skopeo|oras|crane|regctl|helm(?: registry)?|oc|cf|az(?: acr)?|argocd|rancher|harbor) login';

/** From the manuals of the programs. Long flags such as `--password` are found by their names. */
const COMMAND_LINE_SECRETS: readonly CommandLineSecret[] = [
  { flag: ' -p', programs: MYSQL, place: 'attached' },
  {
    flag: ' -p',
    programs: `sshpass|mongo\\w*|psexec\\w*|evil-winrm|nxc|netexec|crackmapexec|rdesktop|twine|cqlsh|rabbitmqadmin|cypher-shell|useradd|usermod|ncftp\\w*|${REGISTRY}`,
    place: 'either',
  },
  { flag: ' -p', programs: '7z[az]?|rar|unrar|7zr', place: 'attached' },
  // Arguments as a list of a program.
  { flag: "'-p", programs: MYSQL, place: 'attached' },
  { flag: "'-p', '", programs: `${MYSQL}|${REGISTRY}`, place: 'attached' },
  { flag: '"-p", "', programs: `${MYSQL}|${REGISTRY}`, place: 'attached' },
  { flag: ' -u', programs: 'curl', place: 'either', behind: ':' },
  { flag: ' --user', programs: 'curl|etcdctl', place: 'apart', behind: ':' },
  { flag: ' --user=', programs: 'etcdctl', place: 'attached', behind: ':' },
  { flag: ' --oauth2-bearer', programs: 'curl', place: 'apart' },
  { flag: ' -hp', programs: 'rar', place: 'attached' },
  {
    flag: ' -P',
    programs: 'sqlcmd|bcp|osql|zip|unzip|ipmitool|ssh-keygen|mosquitto_\\w+',
    place: 'either',
  },
  { flag: ' -a', programs: 'redis-cli|valkey-cli|keydb-cli', place: 'apart' },
  { flag: ' -a', programs: 'https?|xh', place: 'apart', behind: ':' },
  {
    flag: ' -w',
    programs: 'ldap(?:search|modify|add|delete|passwd|whoami|compare)',
    place: 'apart',
  },
  { flag: ' -pw', programs: 'plink|pscp|psftp|putty|kitty', place: 'apart' },
  { flag: ' -N', programs: 'ssh-keygen', place: 'apart' },
  { flag: ' -A', programs: 'snmp\\w+', place: 'apart' },
  { flag: ' -X', programs: 'snmp\\w+', place: 'apart' },
  { flag: ' -ap', programs: 'swaks', place: 'apart' },
  { flag: ' -xp', programs: 'sendemail', place: 'apart' },
  { flag: ' -U', programs: 'smbclient|rpcclient|smbget|smbmap|net', place: 'apart', behind: '%' },
  { flag: ' -k', programs: '(?:dotnet )?nuget|choco|openssl enc', place: 'apart' },
  { flag: ' -t', programs: 'vercel|influx', place: 'apart' },
  { flag: ' /p:', programs: '[xw]freerdp3?', place: 'attached' },
  { flag: ' /rp', programs: 'schtasks', place: 'apart' },
  { flag: ' add_user', programs: 'rabbitmqctl', place: 'apart', skip: 1 },
  { flag: ' change_password', programs: 'rabbitmqctl', place: 'apart', skip: 1 },
  { flag: ' -b', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' -cb', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' -bc', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' -nb', programs: 'htpasswd', place: 'apart', skip: 1 },
  { flag: ' -nbB', programs: 'htpasswd', place: 'apart', skip: 1 },
  { flag: ' -bB', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' -Bb', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' -cbB', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' -nbm', programs: 'htpasswd', place: 'apart', skip: 1 },
  { flag: ' -bnBC', programs: 'htpasswd', place: 'apart', skip: 2 },
  { flag: ' --body', programs: 'gh secret set .*', place: 'either' },
  { flag: 'net use', programs: '', place: 'apart', skip: 1 },
  { flag: 'net user', programs: '', place: 'apart', skip: 1 },
  { flag: 'rootpw --plaintext', programs: '', place: 'apart' },
  { flag: 'snmp-server community', programs: '', place: 'apart' },
  { flag: 'NickServ IDENTIFY', programs: '', place: 'apart' },
  { flag: 'NickServ identify', programs: '', place: 'apart' },
  { flag: 'NickServ :IDENTIFY', programs: '', place: 'apart' },
  { flag: ' alias set', programs: 'mc', place: 'apart', skip: 3 },
  { flag: ' on', programs: '(?:acl setuser|user) \\S+', place: 'apart', behind: '>' },
  { flag: 'importprivkey', programs: '', place: 'apart' },
  { flag: ' auth', programs: 'snyk', place: 'apart', isRandom: true },
  { flag: ' --value', programs: 'aws ssm put-parameter .*', place: 'apart' },
  { flag: ' /p', programs: 'signtool(?:\\.exe)? sign .*', place: 'apart' },
  { flag: ' -p', programs: 'security (?:unlock|create)-keychain', place: 'apart' },
  { flag: '"AUTH"', programs: '', place: 'apart', isLast: true },
  { flag: ' -K', programs: 'openssl enc', place: 'apart' },
  { flag: ' -u', programs: 'lftp', place: 'apart', behind: ',' },
  { flag: ' login', programs: 'wandb', place: 'apart' },
  { flag: ' --relogin', programs: 'wandb login', place: 'apart' },
  { flag: ' -auth', programs: '.*jenkins-cli\\.jar .*', place: 'apart', behind: ':' },
  { flag: ' init', programs: 'shodan', place: 'apart', isRandom: true },
  { flag: ' --from-literal', programs: '(?:kubectl|oc) .*', place: 'attached', behind: '=' },
  { flag: ' --from-literal', programs: '(?:kubectl|oc) .*', place: 'apart', behind: '=' },
  { flag: " --from-literal='", programs: '(?:kubectl|oc) .*', place: 'attached', behind: '=' },
  { flag: ' --from-literal="', programs: '(?:kubectl|oc) .*', place: 'attached', behind: '=' },
  { flag: ' kv put', programs: 'vault', place: 'apart', behind: '=', isList: true },
  { flag: ' secrets set', programs: 'fly|flyctl', place: 'apart', behind: '=', isList: true },
  { flag: ' --value', programs: 'az keyvault secret set .*', place: 'apart' },
  { flag: '"-a","', programs: 'redis-cli', place: 'attached' },
  { flag: '"-a", "', programs: 'redis-cli', place: 'attached' },
  { flag: "'-a', '", programs: 'redis-cli', place: 'attached' },
  { flag: '"-p', programs: MYSQL, place: 'attached' },
  { flag: '"-p","', programs: `${MYSQL}|${REGISTRY}`, place: 'attached' },
  { flag: '-setcookie', programs: '', place: 'apart' },
  { flag: ' -k', programs: 'ss-?server|ss-?local', place: 'apart' },
  { flag: ' -t', programs: 'codecov:?|codecovcli', place: 'apart' },
  {
    flag: ' <<<',
    programs: 'sudo -\\w*S.*|vncpasswd.*|cryptsetup.*|kinit.*|.*--password-stdin',
    place: 'apart',
  },
  { flag: ' key', programs: '(?:tacacs|radius)-server.*', place: 'apart' },
  { flag: 'PASS', programs: '', place: 'apart', isRandom: true },
  { flag: ' LOGIN', programs: '[\\w.]+', place: 'apart', skip: 1, isRandom: true },
  { flag: ' AUTH default', programs: '[\\w.]+:\\d+>|redis\\S*>', place: 'apart' },
  { flag: ' AUTH', programs: '[\\w.]+:\\d+>|redis\\S*>', place: 'apart' },
  { flag: 'password 0', programs: '', place: 'apart' },
  { flag: 'password 7', programs: '', place: 'apart' },
  { flag: 'enable secret', programs: '', place: 'apart' },
  { flag: 'isakmp key', programs: '', place: 'apart' },
  { flag: ' auth sha', programs: 'snmp-server user', place: 'apart' },
  { flag: ' auth md5', programs: 'snmp-server user', place: 'apart' },
  { flag: ' priv aes 128', programs: 'snmp-server user', place: 'apart' },
  { flag: ' priv aes 256', programs: 'snmp-server user', place: 'apart' },
  { flag: ' priv des', programs: 'snmp-server user', place: 'apart' },
  { flag: 'stats auth', programs: '', place: 'apart', behind: ':' },
  {
    flag: ' config set',
    programs: 'bundle',
    place: 'apart',
    isLast: true,
    behind: ':',
    isRandom: true,
  },
  { flag: ' user-secrets set', programs: 'dotnet', place: 'apart', skip: 1 },
  { flag: 'rclone obscure', programs: '', place: 'apart' },
  { flag: 'secret 0', programs: '', place: 'apart' },
  { flag: 'wpa_passphrase', programs: '', place: 'apart', skip: 1 },
  { flag: 'jdbc:oracle:thin:', programs: '', place: 'attached', behind: '/' },
  { flag: 'jdbc:oracle:oci:', programs: '', place: 'attached', behind: '/' },
  { flag: 'sqlplus', programs: '', place: 'apart', behind: '/' },
];

/** Makes the detectors of secrets that programs take on their command lines. */
export function commandLineDetectors(): Detector[] {
  const flags = new Map<string, CommandLineSecret[]>();
  for (const secret of COMMAND_LINE_SECRETS) {
    const group = flags.get(secret.flag);
    if (group === undefined) flags.set(secret.flag, [secret]);
    else group.push(secret);
  }
  return [
    ...[...flags].map(([flag, secrets]) => new CommandLineDetector(flag, secrets)),
    new PipedSecretDetector(),
  ];
}

class CommandLineDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = VALUE_WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';
  private readonly secrets: readonly (CommandLineSecret & { readonly line: RegExp })[];

  constructor(flag: string, secrets: readonly CommandLineSecret[]) {
    this.triggers = [{ literal: flag, caseSensitive: true }];
    this.secrets = secrets.map((secret) => ({
      ...secret,
      line: new RegExp(`(?:^|[\\s/;&|("'\`$])(?:${secret.programs})(?:\\.exe)?(?:\\s|$)`, 'i'),
    }));
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const isApart = isBlank(view.at(end));
    let line: string | undefined;
    const secret = this.secrets.find(({ flag, programs, line: pattern, place, behind }) => {
      if (place !== 'either' && isApart !== (place === 'apart')) return false;
      if (flag.startsWith("'") && isQuote(view.at(end))) return false;
      if (programs === '') return !isWordCode(view.before(start - 1));
      // `on` is a common word.
      if (behind === '>' && standsBeforeOther(view, end)) return false;
      line ??= lineBefore(view, start).replace(/['"],? ?\[?['"]?/g, ' ');
      return pattern.test(line);
    });
    if (secret === undefined) return undefined;
    let at = skipBlanks(view, end);
    for (let word = 0; word < (secret.skip ?? 0); word++) at = skipBlanks(view, wordEnd(view, at));
    // `net use Z: \\\\server\\share password`
    if (view.at(at) === BACKSLASH) at = skipBlanks(view, wordEnd(view, at));
    while (view.at(at) === 47 && secret.flag === 'net use')
      at = skipBlanks(view, wordEnd(view, at));
    // `sqlplus -s user/password`
    while (secret.flag === 'sqlplus' && view.at(at) === 45)
      at = skipBlanks(view, wordEnd(view, at));
    if (secret.isList === true) return readPairs(view, at, secret.behind ?? '=');
    if (secret.isLast === true) at = lastWord(view, at);
    const [from, until] = wordAt(view, at);
    // Words before a mask were others before.
    if (view.slice(end, from).includes('[REDACTED:')) return undefined;
    const value = view.slice(from, until);
    const first = secret.behind !== undefined && value.startsWith('=') ? 1 : 0;
    const mark = secret.behind === undefined ? 0 : value.indexOf(secret.behind, first) + 1;
    // A redirection of redis.conf begins its word; before any other mark stands a name.
    if (secret.behind !== undefined && (secret.behind === '>' ? mark !== 1 : mark <= 1))
      return undefined;
    if (secret.isRandom === true && (!isRandom(value) || value.includes('/'))) return undefined;
    // `-u admin:'value'`
    if (mark === value.length && isQuote(view.at(until)))
      return found(...wordAt(view, until), view);
    const host = secret.behind === '/' ? value.indexOf('@', mark) : -1;
    return found(from + mark, host < 0 ? until : from + host, view);
  }
}

/** Whether what follows has come, and cannot be a word that begins with `>`. */
function standsBeforeOther(view: TextView, end: number): boolean {
  let at = end;
  while (isBlank(view.peek(at))) at++;
  const code = view.peek(at);
  return code >= 0 && code !== GREATER && code !== BACKSLASH && !isQuote(code);
}

/** `echo secret | sudo -S`, `echo user:secret | chpasswd`. */
class PipedSecretDetector implements Detector {
  readonly triggers = [
    { literal: 'echo ', caseSensitive: true },
    { literal: 'printf ', caseSensitive: true },
  ];
  readonly window = VALUE_WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    let at = end;
    while (view.at(at) === 45) at = skipBlanks(view, wordEnd(view, at));
    const [from, until] = wordAt(view, at);
    let next = isQuote(view.at(until)) ? until + 1 : until;
    next = skipBlanks(view, next);
    if (until <= from || view.at(next) !== 124) return undefined;
    let lineEnd = next;
    while (lineEnd - next < 120 && view.at(lineEnd) >= 0 && !isLineBreak(view.at(lineEnd)))
      lineEnd++;
    const reader = view.slice(next, lineEnd);
    const colon = view.slice(from, until).indexOf(':') + 1;
    if (/^\|\s*(?:sudo )?chpasswd\b/.test(reader)) return found(from + colon, until, view);
    const takesSecret =
      /^\|\s*(?:sudo\s+(?:-\w+\s+)*(?:-\w*S|--stdin)|(?:sudo )?passwd\s.*--stdin|kinit\b|(?:sudo )?cryptsetup\b|.*--password-stdin|.*\b(?:wrangler|gh|docker|fly|vercel|kubectl)\s(?:.*\s)?(?:secrets?|env)\s(?:put|set|create|add|import)\b|.*--with-token|gpg\s.*--passphrase-fd 0|openssl\s.*-pass\w* stdin)/;
    return takesSecret.test(reader) ? found(from, until, view) : undefined;
  }
}

function found(start: number, end: number, view: TextView): Candidate | undefined {
  const value = view.slice(start, end);
  if (value.length < 3 || value.startsWith('-') || isPlaceholder(value)) return undefined;
  // Of a mask no part is taken, nor what stands around one.
  const before = view.slice(Math.max(0, start - LONGEST_MASK), start);
  if (/\[REDACTED:[\w:]*$/.test(before) || value.includes('[REDACTED:')) return undefined;
  if (/^(?:[%`*\\/]|\$(?!\d|y\$))/.test(value) || value.includes('$(')) return undefined;
  const base = { kind: 'password', rule: 'command-line', start, end, score: 0.85 };
  return end >= view.high
    ? { ...base, goesOn: (code) => !isSpace(code) }
    : { ...base, isLearnt: isLearnable(value) };
}

const LONGEST_MASK = 70;
const WORD_ENDS = new CodeSet(';|&<>)');

/** Words of a command that are read. */
const MOST_WORDS = 6;

/** Words of a list of pairs that are read. */
const MOST_PAIRS = 16;

/** The values of `name=value` among the words behind an index; flags and other words are passed over. */
function readPairs(view: TextView, from: number, sign: string): Candidate | undefined {
  const values: Candidate[] = [];
  let at = from;
  for (let word = 0; word < MOST_PAIRS; word++) {
    const [start, end] = wordAt(view, at);
    if (view.slice(from, end).includes('[REDACTED:')) break;
    const mark = view.slice(start, end).indexOf(sign) + 1;
    if (end === start) break;
    const isQuoted = mark === end - start && isQuote(view.at(end));
    const value = isQuoted ? wordAt(view, end) : ([start + mark, end] as const);
    const pair = mark > 1 && view.at(start) !== 45 ? found(...value, view) : undefined;
    if (pair !== undefined) values.push(pair);
    const next = isQuoted ? value[1] : end;
    at = skipBlanks(view, isQuote(view.at(next)) ? next + 1 : next);
  }
  const [first, ...others] = values;
  return first && { ...first, others };
}

/** Where the last word of a line begins, of the first few. */
function lastWord(view: TextView, from: number): number {
  let at = from;
  for (let word = 0; word < MOST_WORDS; word++) {
    const next = skipBlanks(view, wordEnd(view, at));
    if (view.at(next) < 0 || isLineBreak(view.at(next)) || next === at) return at;
    at = next;
  }
  return at;
}

function wordEnd(view: TextView, from: number): number {
  const [, until] = wordAt(view, from);
  return isQuote(view.at(until)) ? until + 1 : until;
}

/** The bounds of a word, without its quotes. */
function wordAt(view: TextView, from: number): [number, number] {
  const quote = view.at(from);
  let at = from;
  if (isQuote(quote)) {
    at++;
    while (view.at(at) >= 0 && view.at(at) !== quote && !isLineBreak(view.at(at))) at++;
    return [from + 1, at];
  }
  while (view.at(at) >= 0 && !isSpace(view.at(at)) && !isQuote(view.at(at))) {
    if (WORD_ENDS.has(view.at(at)) && !inClass(view.at(at + 1), CLASS_BITS.a)) break;
    at++;
  }
  return [from, at];
}
