import { checkHost, hostOfUrl, normalizeHost } from '@ae/network-rules';

import { methodEffect } from '../../network/request.ts';
import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM, isExact } from '../value.ts';
import { deleteTarget } from './files.ts';
import type { Handler } from './run-call.ts';
import { runText } from './run-call.ts';
import { isShellName } from './shell-names.ts';

const CURL = optionSpec(
  '-A -b -c -C -d -D -e -E -F -h -H -K -m -o -P -Q -r -t -T -u -U -w -x -X -y -Y -z ' +
    '--user-agent --cookie --cookie-jar --continue-at --data --data-ascii --data-binary --data-raw --data-urlencode ' +
    '--json --dump-header --referer --cert --form --form-string --header --config --max-time --output --output-dir ' +
    '--ftp-port --quote --range --upload-file --user --proxy-user --write-out --proxy --request --retry --retry-delay ' +
    '--connect-timeout --cacert --capath --key --cert-type --resolve --connect-to --interface --limit-rate --max-redirs ' +
    '--url --url-query --proxy-header --oauth2-bearer --unix-socket --retry-max-time --ciphers --dns-servers --netrc-file',
);

/** The target of a command that talks to a server. */
export function visit(shell: Shell, call: Call, url: Value): void {
  if (!isExact(url.text)) {
    shell.limits.add('unresolved_host');
    const host = /^[a-z+]*:?\/?\/?([^/\u0000-\u0002]+)(?:\/|$)/.exec(url.text)?.[1];
    if (host === undefined) {
      const restricted = shell.options.network.allowlists.some((list) => list.length > 0);
      if (restricted) {
        shell.report(
          'network',
          'request',
          'approve',
          'network.unresolved',
          'talks to a host that cannot be resolved while hosts are restricted',
          call.span,
        );
      }
      return;
    }
    judgeHost(shell, call, host, normalizeHost(host.replace(/:\d+$/, '')));
    return;
  }
  if (url.text.toLowerCase().startsWith('file:')) {
    shell.readFile(
      { ...url, text: url.text.slice(5).replace(/^\/\/(?:localhost)?/, '') },
      call.state,
      true,
    );
    return;
  }
  judgeHost(shell, call, url.text, hostOfUrl(url.text));
}

export function visitHost(shell: Shell, call: Call, host: string): void {
  if (!isExact(host)) return;
  // A machine of the own network is where ssh goes every day; web requests there are worth a question.
  judgeHost(shell, call, host, normalizeHost(host), 'allow');
}

function judgeHost(
  shell: Shell,
  call: Call,
  text: string,
  host: ReturnType<typeof normalizeHost>,
  onPrivate: 'allow' | 'approve' = 'approve',
): void {
  const { allowlists } = shell.options.network;
  const local = host !== undefined && host.addressClass === 'loopback';
  const answer = checkHost(
    host,
    text,
    local ? { allowlists: [], allowPrivate: true } : shell.options.network,
  );
  const { span } = call;
  switch (answer.outcome) {
    case 'allowed':
      shell.report('network', 'request', 'allow', 'network.request', '', span, {
        target: answer.host,
      });
      return;
    case 'not_allowed':
      shell.report(
        'network',
        'request',
        'deny',
        'network.not-allowed',
        `talks to ${answer.host}, which is not in the allowlist`,
        span,
        { target: answer.host },
      );
      return;
    case 'blocked_address': {
      if (answer.addressClass === 'metadata') {
        shell.report(
          'network',
          'request',
          'deny',
          'network.blocked-address',
          `talks to ${answer.host}, the metadata service of the machine`,
          span,
          { target: answer.host },
        );
        return;
      }
      shell.report(
        'network',
        'request',
        onPrivate,
        'network.private-address',
        `talks to ${answer.host}, a ${answer.addressClass.replace('_', '-')} address`,
        span,
        { target: answer.host },
      );
      return;
    }
    case 'invalid': {
      if (allowlists.some((list) => list.length > 0)) {
        shell.report(
          'network',
          'request',
          'approve',
          'network.unresolved',
          'talks to a host that cannot be read while hosts are restricted',
          span,
        );
      }
    }
  }
}

/** Sends a file (or standard input) away. */
function send(shell: Shell, call: Call, path: string, value: Value): void {
  if (path === '-' || path === '.') {
    shell.sent(call.stdin?.taint ?? 0, call.span);
    return;
  }
  const stream = shell.readFile({ ...value, text: path }, call.state, false);
  shell.sent(stream.taint, call.span);
}

function curl(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, CURL);
  if (
    call.args.length === 1 &&
    ['--version', '--help', '-V', '-h'].includes(call.args[0]?.text ?? '')
  ) {
    return UNKNOWN_STREAM;
  }
  const urls = [...options.operands];
  const named = options.value('--url');
  if (named !== undefined) urls.push(named);
  for (const url of urls) visit(shell, call, url);
  sendCurlBodies(shell, call);
  judgeMethod(shell, call, options, urls);
  if (options.value('--unix-socket')?.text.endsWith('docker.sock') === true) {
    shell.report(
      'container',
      'escape',
      'deny',
      'docker.mount',
      'talks to the container engine, which owns the machine',
      call.span,
    );
  }
  const output = options.value('-o', '--output');
  const stream: Stream = { text: UNKNOWN, taint: Taint.network };
  if (output !== undefined && output.text !== '-') {
    shell.writeFile(output.text, false, output, call.state);
    shell.remember(output.text, stream, false, call.state);
    return SILENT;
  }
  if (options.has('-O', '--remote-name', '-J')) {
    for (const url of urls)
      shell.remember(url.text.slice(url.text.lastIndexOf('/') + 1), stream, false, call.state);
    return SILENT;
  }
  return options.has('-I', '--head') ? UNKNOWN_STREAM : stream;
}

/** `-X DELETE`, and search engines that are told to forget everything. */
function judgeMethod(shell: Shell, call: Call, options: Options, urls: readonly Value[]): void {
  const method = options.value('-X', '--request')?.text;
  if (method === undefined) return;
  for (const url of urls) {
    const effect = methodEffect({ url: url.text, method });
    if (effect !== undefined) shell.emit({ ...effect, span: shell.spanOf(call.span) });
  }
}

const BODY_OPTIONS = [
  '-d',
  '--data',
  '--data-ascii',
  '--data-binary',
  '--data-urlencode',
  '--json',
  '-F',
  '--form',
];

function sendCurlBodies(shell: Shell, call: Call): void {
  for (const [index, arg] of call.args.entries()) {
    const { text } = arg;
    let body: Value | undefined;
    const equals = text.indexOf('=');
    if (BODY_OPTIONS.includes(text)) body = call.args[index + 1];
    else if (text.startsWith('--') && equals > 0 && BODY_OPTIONS.includes(text.slice(0, equals))) {
      body = { ...arg, text: text.slice(equals + 1) };
    } else if (/^-[a-zA-Z]*[dF]./.test(text) && !text.startsWith('--')) {
      body = { ...arg, text: text.replace(/^-[a-zA-Z]*?[dF]/, '') };
    } else if (/^-[a-zA-Z]*[dF]$/.test(text) && !text.startsWith('--')) body = call.args[index + 1];
    if (body !== undefined) {
      shell.sent(body.taint, call.span);
      const file = /(?:^|=)[@<]([^;]+)/.exec(body.text)?.[1];
      for (const path of file?.split(',') ?? []) send(shell, call, path, body);
    }
    const upload = text === '-T' || text === '--upload-file' ? call.args[index + 1] : undefined;
    if (upload !== undefined) send(shell, call, upload.text, upload);
    if (text === '-H' || text === '--header' || text === '-u' || text === '--user') continue;
    const previous = call.args[index - 1]?.text;
    if (
      (arg.taint & Taint.secret) !== 0 &&
      previous !== '-H' &&
      previous !== '-u' &&
      previous !== '--header'
    ) {
      shell.secretLeaves(call.span);
    }
  }
}

const WGET = optionSpec(
  '-O -o -P -a -e -t -T -w -Q -U -i -B -A -R -D -I -X -l --output-document --output-file --directory-prefix --post-data --post-file ' +
    '--body-data --body-file --header --user-agent --method --tries --timeout --user --password --ca-certificate --referer --input-file --execute',
);

function wget(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, WGET);
  for (const url of options.operands) {
    visit(shell, call, url);
    shell.sent(url.taint & Taint.secret, call.span);
  }
  for (const [name, value] of options.values) {
    if (name.startsWith('--post-f') || name.startsWith('--body-f'))
      send(shell, call, value.text, value);
  }
  const stream: Stream = { text: UNKNOWN, taint: Taint.network };
  let output = options.value('-O', '--output-document');
  for (const [name, value] of options.values) if (name.startsWith('--output-doc')) output = value;
  if (output?.text === '-') return stream;
  if (output !== undefined) {
    shell.writeFile(output.text, false, output, call.state);
    shell.remember(output.text, stream, false, call.state);
    return SILENT;
  }
  const prefix = options.value('-P', '--directory-prefix')?.text;
  for (const url of options.operands) {
    const name = url.text.slice(url.text.lastIndexOf('/') + 1);
    shell.remember(prefix === undefined ? name : `${prefix}/${name}`, stream, false, call.state);
  }
  return SILENT;
}

/** HTTPie, xh, fetch, lynx -source: print what they fetch. */
function fetcher(values: string): Handler {
  const spec = optionSpec(values);
  return (shell, call) => {
    const options = new Options(call.args, spec);
    const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
    const url = options.operands.find((operand) => !methods.has(operand.text.toUpperCase()));
    if (url !== undefined) visit(shell, call, url);
    shell.sent((url?.taint ?? 0) & Taint.secret, call.span);
    shell.sent(call.stdin?.taint ?? 0, call.span);
    // HTTPie: `@file` is the body, `field@file` a part of it, `field=value` a value.
    for (const operand of options.operands) {
      if (operand === url) continue;
      const file = /^[\w.-]*:?=?@(.+)$/.exec(operand.text)?.[1];
      if (file !== undefined) send(shell, call, file, operand);
      shell.sent(operand.taint & Taint.secret, call.span);
    }
    return { text: UNKNOWN, taint: Taint.network };
  };
}

const NETCAT = optionSpec(
  '-e -c -p -s -w -i -q -X -x -o -g -G --exec --sh-exec --lua-exec --source-port --proxy',
);

function netcat(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, NETCAT);
  const program = options.value('-e', '--exec', '-c', '--sh-exec');
  if (program !== undefined) {
    shell.report(
      'flow',
      'network_shell',
      'deny',
      'network.remote-shell',
      'gives a program to whoever is on the network',
      call.span,
    );
    shell.evaluateText(program.text, call.state, call.span);
  }
  const [host] = options.operands;
  const listens = options.has('-l', '--listen');
  if (((call.stdin?.taint ?? 0) & Taint.shell) !== 0) shell.remoteShell(call.span);
  const scans = options.has('-z');
  if (host !== undefined && !listens) {
    visitHost(shell, call, host.text);
    const local = normalizeHost(host.text)?.addressClass === 'loopback';
    const piped = call.stdin !== undefined && call.stdin.taint === 0;
    if (!scans && !local && !piped && options.operands.length > 1 && call.name !== 'telnet') {
      shell.report(
        'network',
        'socket',
        'approve',
        'network.raw-socket',
        'opens a raw network connection',
        call.span,
        { target: host.text },
      );
    }
  }
  shell.sent(call.stdin?.taint ?? 0, call.span);
  if (listens && call.stdin === undefined) {
    shell.report('network', 'listen', 'allow', 'network.listen', '', call.span);
  }
  return scans ? UNKNOWN_STREAM : { text: UNKNOWN, taint: Taint.network };
}

function socat(shell: Shell, call: Call): Stream {
  const addresses = new Options(call.args, optionSpec('-d -b -t -T -l')).operands;
  const networked = addresses.some((address) =>
    /^(?:TCP|UDP|SCTP|DCCP|OPENSSL|PROXY|SOCKS|VSOCK|SSL|TLS)/i.test(address.text),
  );
  for (const address of addresses) {
    const colon = address.text.indexOf(':');
    const kind = (colon < 0 ? address.text : address.text.slice(0, colon)).toUpperCase();
    const rest = colon < 0 ? '' : address.text.slice(colon + 1).replace(/^["']|["']$/g, '');
    if (kind === 'EXEC' || kind === 'SYSTEM' || kind === 'SHELL') {
      const command = rest.split(',')[0] ?? '';
      const first = command.split(/\s+/)[0] ?? '';
      if (
        networked &&
        (kind === 'SHELL' ||
          isShellName(first.slice(first.lastIndexOf('/') + 1)) ||
          kind === 'SYSTEM')
      ) {
        shell.report(
          'flow',
          'network_shell',
          'deny',
          'network.remote-shell',
          'gives a shell to whoever is on the network',
          call.span,
        );
      }
      const output = shell.evaluateText(
        command.replaceAll('\\ ', ' ').replaceAll('\\"', '"'),
        call.state,
        call.span,
      );
      if (networked) shell.sent(output.taint, call.span);
    }
    if ((kind === 'OPEN' || kind === 'FILE' || kind === 'GOPEN') && networked)
      send(shell, call, rest.split(',')[0] ?? '', address);
  }
  if (networked) shell.sent(call.stdin?.taint ?? 0, call.span);
  return { text: UNKNOWN, taint: networked ? Taint.network : 0 };
}

const SSH = optionSpec('-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w');

/** `-o ProxyCommand=...`: options of ssh that run a command here. */
function sshOptions(shell: Shell, call: Call): void {
  for (const [index, arg] of call.args.entries()) {
    const text = /^-[a-zA-Z]*o$/.test(arg.text)
      ? (call.args[index + 1]?.text ?? '')
      : arg.text.replace(/^-[a-zA-Z]*?o/, '');
    const match = /^\s*(?:ProxyCommand|LocalCommand|KnownHostsCommand)\s*[= ]\s*([\s\S]+)$/i.exec(
      text,
    );
    if (match?.[1] !== undefined && match[1] !== 'none')
      shell.evaluateText(match[1], call.state, call.span);
  }
}

function secureShell(shell: Shell, call: Call): Stream {
  sshOptions(shell, call);
  const options = new Options(call.args, SSH, true);
  const rest = call.args.slice(options.firstOperand);
  const [target, ...afterTarget] = rest;
  if (target === undefined) return UNKNOWN_STREAM;
  const host = target.text
    .replace(/^ssh:\/\//, '')
    .replace(/^.*@/, '')
    .replace(/:\d+$/, '');
  if (host.includes('.') || host.includes(':')) visitHost(shell, call, host);
  const more = new Options(afterTarget, SSH, true);
  const command = afterTarget.slice(more.firstOperand);
  // A machine one has a key for may be given a tree; its keys it may not.
  shell.sent((call.stdin?.taint ?? 0) & ~Taint.bulk, call.span);
  const remote = shell.remoteState(call.state);
  if (command.length > 0) {
    const taint = command.reduce((sum, arg) => sum | arg.taint, 0);
    shell.sent(taint & Taint.secret, call.span);
    const previous = remote.stdin;
    remote.stdin = call.stdin;
    runText(shell, call, { text: command.map((arg) => arg.text).join(' '), taint }, remote);
    remote.stdin = previous;
  } else if (call.stdin !== undefined) runText(shell, call, call.stdin, remote);
  return { text: UNKNOWN, taint: Taint.network };
}

function isRemotePath(text: string): boolean {
  const colon = text.indexOf(':');
  return colon > 1 && !text.slice(0, colon).includes('/');
}

function secureCopy(spec: ReturnType<typeof optionSpec>): Handler {
  return (shell, call) => {
    sshOptions(shell, call);
    const options = new Options(call.args, spec);
    const remoteShell = options.value('-e', '--rsh');
    if (remoteShell !== undefined && call.name === 'rsync')
      shell.evaluateText(remoteShell.text, call.state, call.span);
    const operands = [...options.operands];
    const target = operands.pop();
    if (target === undefined) return SILENT;
    if (isRemotePath(target.text)) {
      for (const source of operands) {
        shell.sent(shell.readFile(source, call.state, false).taint & ~Taint.bulk, call.span);
      }
    } else {
      const fromRemote = operands.some((source) => isRemotePath(source.text));
      for (const source of operands) {
        if (isRemotePath(source.text)) continue;
        const stream = shell.readFile(source, call.state, false);
        if ((stream.taint & ~Taint.file) !== 0)
          shell.remember(target.text, stream, false, call.state);
      }
      shell.writeFile(target.text, false, target, call.state);
      if (options.has('--remove-source-files')) {
        for (const source of operands) deleteTarget(shell, call, source, true);
      }
      if (fromRemote)
        shell.remember(target.text, { text: UNKNOWN, taint: Taint.network }, false, call.state);
    }
    if (
      call.name === 'rsync' &&
      options.has(
        '--delete',
        '--delete-after',
        '--delete-before',
        '--delete-excluded',
        '--delete-during',
      )
    ) {
      const classified = shell.classify(target.text, call.state);
      if (
        !['artefact', 'tmp', 'workspace'].includes(classified.targetClass) ||
        isRemotePath(target.text)
      ) {
        const grave = ['home', 'root', 'system'].includes(classified.targetClass);
        shell.report(
          'delete',
          'mirror',
          grave ? 'deny' : 'approve',
          'files.rsync-delete',
          'deletes in the target whatever the source does not have',
          call.span,
          { target: target.text, suggestion: 'Run it with --dry-run first.' },
        );
      }
    }
    return SILENT;
  };
}

const fetch = fetcher('-o -H -a -A --output --header --auth');

export const NETWORK: Readonly<Record<string, Handler>> = {
  curl,
  wget,
  http: fetch,
  https: fetch,
  xh: fetch,
  xhs: fetch,
  lynx: fetch,
  w3m: fetch,
  aria2c: fetch,
  nc: netcat,
  ncat: netcat,
  netcat,
  telnet: netcat,
  socat,
  ssh: secureShell,
  autossh: secureShell,
  scp: secureCopy(optionSpec('-c -F -i -J -l -o -P -S -X')),
  sftp: secureCopy(optionSpec('-b -c -F -i -J -l -o -P -S')),
  rsync: secureCopy(
    optionSpec(
      '-e -f -B -T --rsh --exclude --include --filter --files-from --exclude-from --include-from --port --bwlimit --log-file --backup-dir --compare-dest --copy-dest --link-dest --rsync-path --chmod --chown --temp-dir',
    ),
  ),
};
