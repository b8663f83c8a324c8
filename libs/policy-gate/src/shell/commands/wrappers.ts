import type { OptionSpec } from '../options.ts';
import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM } from '../value.ts';
import { runText } from './run-call.ts';

/** A command that runs another one: where the inner command begins. */
export interface Wrapper {
  spec: OptionSpec;
  /** Operands before the inner command (`timeout 5 cmd` has one). */
  skip: number;
  /** `NAME=value` words before the inner command are its environment. */
  assignments: boolean;
  /** Subcommand that must come first (`uv run`, `docker exec`); without it nothing is wrapped. */
  subcommands: readonly string[] | undefined;
  /** Options whose value is a command line of its own. */
  commandOptions: readonly string[];
  /** The rest is joined and parsed again, the way `watch` and `ssh` do it. */
  joined: boolean;
  /** The command runs on another machine or in a container: paths are not those of this one. */
  remote: boolean;
  /** Options that turn it into a question (`command -v`). */
  queries: readonly string[];
}

function wrapper(values: string, change: Partial<Wrapper> = {}): Wrapper {
  return {
    spec: optionSpec(values),
    skip: 0,
    assignments: false,
    subcommands: undefined,
    commandOptions: [],
    joined: false,
    remote: false,
    queries: [],
    ...change,
  };
}

const CONTAINER_RUN =
  '-e --env --env-file -v --volume --mount -w --workdir -u --user -p --publish --name --network --net -h --hostname -l --label --entrypoint --cpus -m --memory --platform --add-host --device --cap-add --cap-drop --security-opt --restart --shm-size --tmpfs --ulimit --gpus --pid --ipc --dns --log-driver --log-opt --pull --health-cmd -c --detach-keys';

export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  [
    'sudo',
    wrapper(
      '-u -g -h -p -C -T -U -D -R -r -t --user --group --host --prompt --chdir --chroot --other-user --role --type',
      { assignments: true, queries: ['-l', '-v', '-k', '-K', '--list', '--validate'] },
    ),
  ],
  ['doas', wrapper('-u -C')],
  ['pkexec', wrapper('--user')],
  ['run0', wrapper('-u -g -D --user --group --chdir')],
  [
    'env',
    wrapper('-u -C -S --unset --chdir --split-string', {
      assignments: true,
      commandOptions: ['-S', '--split-string'],
    }),
  ],
  ['nohup', wrapper('')],
  ['sshpass', wrapper('-p -f -d -P')],
  ['timeout', wrapper('-k -s --kill-after --signal', { skip: 1 })],
  ['gtimeout', wrapper('-k -s --kill-after --signal', { skip: 1 })],
  ['nice', wrapper('-n --adjustment')],
  ['ionice', wrapper('-c -n -p -P -u --class --classdata')],
  ['chrt', wrapper('-T -P -D', { skip: 1 })],
  ['taskset', wrapper('', { skip: 1 })],
  ['numactl', wrapper('-N -m -i -C -p')],
  ['setsid', wrapper('')],
  ['setpriv', wrapper('--reuid --regid --groups --inh-caps')],
  ['stdbuf', wrapper('-i -o -e --input --output --error')],
  ['unbuffer', wrapper('')],
  ['time', wrapper('-f -o --format --output')],
  ['gtime', wrapper('-f -o --format --output')],
  ['command', wrapper('', { queries: ['-v', '-V'] })],
  ['builtin', wrapper('')],
  ['exec', wrapper('-a')],
  ['chroot', wrapper('--userspec --groups', { skip: 1, remote: true })],
  ['unshare', wrapper('-R -w -S -G --root --wd --setuid --setgid')],
  ['nsenter', wrapper('-t -S -G --target --setuid --setgid')],
  ['strace', wrapper('-e -o -s -p -u -E -P -a -O')],
  ['ltrace', wrapper('-e -o -s -p -u -n -a -F -l -x')],
  ['perf', wrapper('-e -o -F', { subcommands: ['stat', 'record', 'trace'] })],
  ['valgrind', wrapper('')],
  ['xvfb-run', wrapper('-n -s -e -f -p --server-num --server-args')],
  ['dbus-run-session', wrapper('--config-file')],
  ['fakeroot', wrapper('-l -s -i -b')],
  ['proxychains', wrapper('-f')],
  ['proxychains4', wrapper('-f')],
  ['torsocks', wrapper('-u -p -a -P')],
  ['torify', wrapper('')],
  ['caffeinate', wrapper('-t -w')],
  ['busybox', wrapper('')],
  ['toybox', wrapper('')],
  ['lvm', wrapper('')],
  [
    'tmux',
    wrapper('-s -n -c -x -y -t -e -F -f -L -S', {
      subcommands: [
        'new-session',
        'new',
        'new-window',
        'neww',
        'split-window',
        'splitw',
        'run-shell',
        'run',
        'send-keys',
      ],
      joined: true,
    }),
  ],
  ['screen', wrapper('-S -c -e -h -p -s -t -T', { queries: ['-ls', '-list', '-r', '-x'] })],
  ['ssh-agent', wrapper('-a -E -P -t', { queries: ['-s', '-c', '-k'] })],
  [
    'systemd-run',
    wrapper(
      '-p -u -t -M -H -E --unit --property --setenv --uid --gid --slice --on-active --on-boot --on-calendar --description --working-directory --service-type --nice',
    ),
  ],
  ['systemd-inhibit', wrapper('--what --who --why --mode')],
  [
    'flock',
    wrapper('-w -E -c --timeout --conflict-exit-code --command', {
      skip: 1,
      commandOptions: ['-c', '--command'],
    }),
  ],
  ['watch', wrapper('-n -q --interval --equexit', { joined: true })],
  [
    'su',
    wrapper('-c -s -g -G -w --command --shell --group', {
      skip: 99,
      commandOptions: ['-c', '--command'],
    }),
  ],
  [
    'runuser',
    wrapper('-c -s -g -G -w -u --command --shell --user', { commandOptions: ['-c', '--command'] }),
  ],
  [
    'script',
    wrapper('-c -E -I -O -B -T -m -o --command', { skip: 99, commandOptions: ['-c', '--command'] }),
  ],
  [
    'hyperfine',
    wrapper(
      '-w -m -M -r -s -p -c -S -L -P -n --warmup --min-runs --runs --setup --prepare --cleanup --shell',
      { commandOptions: ['-s', '-p', '-c', '--setup', '--prepare', '--cleanup'], joined: true },
    ),
  ],
  ['entr', wrapper('')],
  ['dotenv', wrapper('-e -f -v -c -p')],
  ['dotenvx', wrapper('-f -e', { subcommands: ['run'] })],
  [
    'uv',
    wrapper(
      '--with --python -p --extra --group --directory --project --env-file --package --index',
      { subcommands: ['run'] },
    ),
  ],
  ['poetry', wrapper('-C --directory --project', { subcommands: ['run'] })],
  ['pipenv', wrapper('--python', { subcommands: ['run'] })],
  ['pdm', wrapper('-p --project', { subcommands: ['run'] })],
  ['rye', wrapper('', { subcommands: ['run'] })],
  ['bundle', wrapper('--gemfile', { subcommands: ['exec'] })],
  ['direnv', wrapper('', { subcommands: ['exec'], skip: 1 })],
  ['mise', wrapper('-C --cd', { subcommands: ['exec', 'x'] })],
  ['asdf', wrapper('', { subcommands: ['exec'] })],
  ['conda', wrapper('-n -p --name --prefix --cwd', { subcommands: ['run'] })],
  ['aws-vault', wrapper('-d --duration --region', { subcommands: ['exec'], skip: 1 })],
  ['op', wrapper('--env-file --account', { subcommands: ['run'] })],
  [
    'doppler',
    wrapper('-p -c -t --project --config --token', {
      subcommands: ['run'],
      commandOptions: ['--command'],
    }),
  ],
  ['cross-env', wrapper('', { assignments: true })],
  ['docker', wrapper(CONTAINER_RUN, { subcommands: ['exec', 'run'], skip: 1, remote: true })],
  ['podman', wrapper(CONTAINER_RUN, { subcommands: ['exec', 'run'], skip: 1, remote: true })],
  ['nerdctl', wrapper(CONTAINER_RUN, { subcommands: ['exec', 'run'], skip: 1, remote: true })],
  [
    'docker-compose',
    wrapper(`${CONTAINER_RUN} -f --file --index`, {
      subcommands: ['exec', 'run'],
      skip: 1,
      remote: true,
    }),
  ],
  [
    'kubectl',
    wrapper(
      '-n --namespace -c --container -f --filename --context --kubeconfig --cluster --user --image -l',
      { subcommands: ['exec'], skip: 1, remote: true },
    ),
  ],
  [
    'oc',
    wrapper('-n --namespace -c --container --context', {
      subcommands: ['exec', 'rsh'],
      skip: 1,
      remote: true,
    }),
  ],
  [
    'vagrant',
    wrapper('-c --command -p', {
      subcommands: ['ssh'],
      skip: 99,
      commandOptions: ['-c', '--command'],
      remote: true,
    }),
  ],
  [
    'multipass',
    wrapper('-d --working-directory', { subcommands: ['exec'], skip: 1, remote: true }),
  ],
  ['lxc', wrapper('', { subcommands: ['exec'], skip: 1, remote: true })],
  ['incus', wrapper('', { subcommands: ['exec'], skip: 1, remote: true })],
  ['wsl', wrapper('-d -u --distribution --user')],
  ['heroku', wrapper('-a --app', { subcommands: ['run'], remote: true, joined: true })],
  [
    'nix-shell',
    wrapper('-p --run --command -A -I', { skip: 99, commandOptions: ['--run', '--command'] }),
  ],
  [
    'nix',
    wrapper('', {
      subcommands: ['develop', 'shell'],
      skip: 99,
      commandOptions: ['-c', '--command'],
    }),
  ],
  [
    'npm',
    wrapper('-c --call -w --workspace --prefix -C', {
      subcommands: ['exec', 'x'],
      commandOptions: ['-c', '--call'],
    }),
  ],
  ['npx', wrapper('-c --call -p --package', { commandOptions: ['-c', '--call'] })],
  ['pnpm', wrapper('-C --dir --filter', { subcommands: ['exec', 'dlx'] })],
  ['bunx', wrapper('-p')],
]);

/** Without a command (`sudo -s`, `su`) they start a shell that reads its input. */
const PRIVILEGED: ReadonlySet<string> = new Set([
  'sudo',
  'su',
  'doas',
  'runuser',
  'chroot',
  'unshare',
  'nsenter',
]);

/** Directories of the machine that give a container the machine. */
const GRAVE_MOUNTS: ReadonlySet<string> = new Set([
  '/',
  '/etc',
  '/root',
  '/home',
  '/boot',
  '/dev',
  '/var/run',
  '/run',
  '/usr',
  '/proc',
  '/sys',
]);

function checkMounts(shell: Shell, call: Call): void {
  for (const [index, arg] of call.args.entries()) {
    const option = arg.text.split('=', 1)[0] ?? '';
    if (!['-v', '--volume', '--mount'].includes(option)) continue;
    const value =
      arg.text.length > option.length
        ? arg.text.slice(option.length + 1)
        : (call.args[index + 1]?.text ?? '');
    const source = /(?:source|src)=([^,]+)/.exec(value)?.[1] ?? value.split(':', 1)[0] ?? '';
    if (GRAVE_MOUNTS.has(source) || source.endsWith('/docker.sock')) {
      shell.report(
        'container',
        'escape',
        'deny',
        'docker.mount',
        'gives a container the files of the machine',
        call.span,
        { target: source },
      );
    }
  }
}

/** Runs the command inside a wrapper. */
export function unwrap(shell: Shell, call: Call, wrapper: Wrapper): Stream {
  let { args } = call;
  if (wrapper.subcommands !== undefined) {
    const at = args.findIndex((arg) => !arg.text.startsWith('-'));
    if (at < 0 || !wrapper.subcommands.includes(args[at]?.text ?? '')) {
      return { text: UNKNOWN, taint: call.stdin?.taint ?? 0 };
    }
    if (wrapper.remote) checkMounts(shell, call);
    args = args.slice(at + 1);
  }
  const options = new Options(args, wrapper.spec, true);
  if (wrapper.queries.some((query) => options.flags.has(query))) {
    return call.name === 'ssh-agent' ? { text: UNKNOWN, taint: Taint.shellSetup } : UNKNOWN_STREAM;
  }
  const state = wrapper.remote ? shell.remoteState(call.state) : call.state;
  const outerVariables = state.variables;
  const outerCwd = state.cwd;
  const directory = options.value('-C', '--chdir', '-D', '--cwd', '--workdir', '-w');
  if (directory !== undefined && (call.name === 'env' || call.name === 'sudo' || wrapper.remote)) {
    state.cwd = shell.classify(directory.text, state).path;
  }
  let output: Stream = SILENT;
  for (const name of wrapper.commandOptions) {
    const value = options.value(name) ?? valueAnywhere(args, name);
    if (value === undefined) continue;
    // `env -S` splits, it does not interpret; what follows belongs to the same command.
    const rest = name === '-S' || name === '--split-string' ? args.slice(options.firstOperand) : [];
    const text = [value.text, ...rest.map((arg) => arg.text)].join(' ');
    output = runText(shell, { ...call, state }, { text, taint: value.taint });
    if (rest.length > 0 || wrapper.skip === 99) {
      restore(state, outerVariables, outerCwd);
      return output;
    }
  }
  let index = options.firstOperand;
  if (wrapper.assignments) {
    state.variables = new Map(outerVariables);
    for (; index < args.length; index += 1) {
      const text = args[index]?.text ?? '';
      const equals = text.indexOf('=');
      if (equals <= 0 || !/^[A-Za-z_][A-Za-z0-9_%]*$/.test(text.slice(0, equals))) break;
      shell.assign(state, text.slice(0, equals), {
        text: text.slice(equals + 1),
        taint: args[index]?.taint ?? 0,
      });
    }
  }
  index += wrapper.skip;
  while (args[index]?.text === '--') index += 1;
  const inner = args.slice(index);
  if (
    inner.length === 0 &&
    call.name === 'env' &&
    !options.has('-i', '--ignore-environment', '-')
  ) {
    output = { text: UNKNOWN, taint: Taint.secret };
  }
  if (inner.length === 0 && call.stdin !== undefined && PRIVILEGED.has(call.name)) {
    output = runText(shell, call, call.stdin, state.fork());
  }
  output = runInner(shell, call, inner, wrapper.joined, state) ?? output;
  restore(state, outerVariables, outerCwd);
  return output;
}

function restore(state: Call['state'], variables: Call['state']['variables'], cwd: string): void {
  state.variables = variables;
  state.cwd = cwd;
}

/** `su - postgres -c '...'`: the option may come after the operands. */
function valueAnywhere(args: readonly Value[], name: string): Value | undefined {
  for (const [index, arg] of args.entries()) {
    if (arg.text === name) return args[index + 1];
    if (name.startsWith('--') && arg.text.startsWith(`${name}=`)) {
      return { ...arg, text: arg.text.slice(name.length + 1) };
    }
  }
  return undefined;
}

function runInner(
  shell: Shell,
  call: Call,
  inner: readonly Value[],
  joined: boolean,
  state: Call['state'],
): Stream | undefined {
  const [name, ...rest] = inner;
  if (name === undefined) return undefined;
  if (!shell.enter()) return UNKNOWN_STREAM;
  let stream: Stream;
  if (joined) {
    const taint = inner.reduce((sum, arg) => sum | arg.taint, 0);
    const text = inner.map((arg) => arg.text).join(' ');
    stream = runText(shell, call, { text, taint }, state);
  } else {
    stream = shell.call(name, rest, call.stdin, call.span, state);
  }
  shell.leave();
  return stream;
}
