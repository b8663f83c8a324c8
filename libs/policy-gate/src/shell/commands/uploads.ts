import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { Taint, UNKNOWN } from '../value.ts';
import type { Handler } from './run-call.ts';

/** How a command line of a store or a forge sends files away. */
interface Uploader {
  /** Words (`s3 cp`) after which the operands are what is sent, and where. */
  verbs: readonly string[];
  values: string;
  /** Options that name a file to send. */
  files?: readonly string[];
}

const UPLOADERS: Readonly<Record<string, Uploader>> = {
  aws: {
    verbs: ['s3 cp', 's3 mv', 's3 sync', 's3api put-object'],
    values: '--profile --region --acl --exclude --include --bucket --key --body --sse',
    files: ['--body'],
  },
  gsutil: { verbs: ['cp', 'mv', 'rsync'], values: '-o -h' },
  gcloud: { verbs: ['storage cp', 'storage mv', 'storage rsync'], values: '--project' },
  az: {
    verbs: ['storage blob upload', 'storage blob upload-batch', 'storage copy'],
    values: '-f -s -c -n -d --file --source --container-name --account-name --name --destination',
    files: ['-f', '--file', '-s', '--source'],
  },
  rclone: { verbs: ['copy', 'copyto', 'sync', 'move', 'moveto', 'rcat'], values: '--config' },
  s3cmd: { verbs: ['put', 'sync'], values: '-c --config' },
  mc: { verbs: ['cp', 'mirror', 'pipe'], values: '' },
  b2: { verbs: ['upload-file', 'sync', 'file upload'], values: '' },
  gh: {
    verbs: ['gist create', 'release upload', 'release create'],
    values: '-d --desc -f -R -t -n',
  },
  glab: { verbs: ['snippet create'], values: '-t -f -d' },
};

/** Addresses of stores; a plain path beside one is what is sent. */
const REMOTE = /^(?:s3|gs|b2|az|https?|sftp|ftp):\/\/|^[\w-]+:(?!\\)/;

function uploads(uploader: Uploader): Handler {
  const spec = optionSpec(uploader.values);
  return (shell, call) => {
    const options = new Options(call.args, spec);
    const words = options.operands.map(({ text }) => text);
    const verb = uploader.verbs.find((candidate) => {
      const parts = candidate.split(' ');
      return parts.every((part, index) => words[index] === part);
    });
    if (verb === undefined) return { text: UNKNOWN, taint: 0 };
    const operands = options.operands.slice(verb.split(' ').length);
    const sendsAll = call.name === 'gh' || call.name === 'glab' || call.name === 's3cmd';
    const target = sendsAll ? undefined : operands.at(-1);
    const sources = sendsAll ? operands : operands.slice(0, -1);
    const remote = target === undefined || REMOTE.test(target.text);
    if (remote) for (const source of sources) send(shell, call, source);
    for (const name of uploader.files ?? []) {
      const file = options.value(name);
      if (file !== undefined) send(shell, call, file);
    }
    return { text: UNKNOWN, taint: remote ? 0 : Taint.network };
  };
}

function send(shell: Shell, call: Call, source: Value): void {
  if (source.text === '-') shell.sent(call.stdin?.taint ?? 0, call.span);
  else if (!REMOTE.test(source.text)) {
    shell.sent(shell.readFile(source, call.state, false).taint, call.span);
  }
}

/** Mail leaves with whatever stands on its input or is attached. */
function mail(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-s -a -A -r -c -b -S --attach --body'));
  shell.sent(call.stdin?.taint ?? 0, call.span);
  for (const name of ['-a', '-A', '--attach', '--body']) {
    const file = options.value(name);
    if (file !== undefined) send(shell, call, { ...file, text: file.text.replace(/^@/, '') });
  }
  return { text: UNKNOWN, taint: 0 };
}

/** Commands that look a name up: the name itself may carry what is stolen. */
function lookup(shell: Shell, call: Call): Stream {
  for (const arg of call.args) if ((arg.taint & Taint.secret) !== 0) shell.secretLeaves(call.span);
  return { text: UNKNOWN, taint: Taint.network };
}

export const UPLOADS: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(
    Object.entries(UPLOADERS).map(([name, uploader]) => [name, uploads(uploader)] as const),
  ),
  ...Object.fromEntries(
    ['mail', 'mailx', 'mutt', 'sendmail', 'msmtp', 's-nail', 'swaks'].map(
      (name) => [name, mail] as const,
    ),
  ),
  ...Object.fromEntries(
    ['dig', 'host', 'nslookup', 'drill', 'ping'].map((name) => [name, lookup] as const),
  ),
};
