import { Options, NO_VALUES } from '../shell/options.ts';
import type { EvaluatedCall } from '../shell/effect-log.ts';

/** Commands that only read and print, whatever their arguments. */
const READERS = new Set(
  (
    'ls ll dir tree exa eza cat bat tac head tail less more nl wc file stat du df find fd locate ' +
    'grep egrep fgrep rg ag ack zgrep sort uniq cut tr column paste join comm diff cmp colordiff ' +
    'jq yq xq awk gawk mawk sed rev fold fmt expand unexpand od xxd hexdump strings base64 md5sum ' +
    'sha1sum sha256sum sha512sum cksum b2sum basename dirname realpath readlink pwd echo printf ' +
    'true false test [ [[ : cd pushd popd dirs type which whereis command hash date cal uptime ' +
    'uname hostname whoami id groups users who w last ps pgrep top htop free vmstat iostat lsof ' +
    'lsblk lscpu lsusb lspci env printenv locale getent man info help apropos whatis tldr cloc ' +
    'tokei scc ping traceroute dig host nslookup whois ss netstat seq expr bc sleep wait exit ' +
    'return break continue set shift export declare local readonly typeset unset alias read ' +
    'mapfile readarray getopts let shopt'
  ).split(' '),
);

/** Commands that run another one and are judged by it. */
const TRANSPARENT = new Set(
  'sh bash zsh dash ksh sudo doas env nohup timeout nice ionice time xargs parallel watch setsid stdbuf eval source . command builtin exec'.split(
    ' ',
  ),
);

/** Words that must come first for the command to be a reading one. */
const READING_WORDS: Readonly<Record<string, string>> = {
  git: 'status log diff show blame grep ls-files ls-tree ls-remote rev-parse rev-list describe shortlog reflog cat-file name-rev merge-base whatchanged count-objects version help',
  gh: 'status search browse',
  docker: 'ps images inspect logs stats top port diff history info version search events',
  podman: 'ps images inspect logs stats top port diff history info version search',
  'docker-compose': 'ps logs config images top port version ls',
  kubectl: 'get describe logs top explain api-resources api-versions version cluster-info diff',
  helm: 'list ls status get history show search template lint version',
  terraform: 'plan show validate output version providers graph fmt',
  tofu: 'plan show validate output version providers graph fmt',
  npm: 'ls list view info outdated audit explain why help search root prefix',
  pnpm: 'ls list why outdated audit',
  yarn: 'list why info outdated audit',
  pip: 'list show freeze check index',
  cargo: 'tree metadata search check version',
  go: 'list version env vet doc',
  systemctl: 'status list-units list-unit-files is-active is-enabled is-failed show cat',
  journalctl: '',
  apt: 'list show search policy depends',
  'apt-cache': 'show search policy depends',
  brew: 'list info search outdated deps config doctor',
};

/** Commands that change files where their effects say. */
const EDITORS = new Set(
  'mkdir touch cp mv rm rmdir ln tee patch truncate install chmod tar unzip zip gzip gunzip dos2unix unix2dos prettier eslint gofmt black ruff isort rustfmt'.split(
    ' ',
  ),
);

export type CallNature = 'reads' | 'edits' | 'runs-another' | 'other';

/** Says what a command is for, as far as its name and first word tell. */
export function natureOf(call: EvaluatedCall): CallNature {
  if (READERS.has(call.name)) return 'reads';
  if (TRANSPARENT.has(call.name)) return 'runs-another';
  if (Object.hasOwn(READING_WORDS, call.name)) {
    const words = READING_WORDS[call.name] ?? '';
    if (words === '') return 'reads';
    const [first] = new Options(call.args, NO_VALUES).operands;
    return first !== undefined && words.split(' ').includes(first.text) ? 'reads' : 'other';
  }
  return EDITORS.has(call.name) ? 'edits' : 'other';
}
