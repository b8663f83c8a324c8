import type { Span } from '../../effects/effect.ts';
import { deleteEffect, permissionEffect, writeEffect } from '../../effects/file-effects.ts';
import { classifyPath, resolvePath } from '../../effects/path-class.ts';
import type { OptionSpec } from '../options.ts';
import { Options, NO_VALUES, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, Taint, UNKNOWN, hasGlob, isExact } from '../value.ts';
import type { Handler } from './run-call.ts';
import { isShellName } from './shell-names.ts';

function asksForHelp(options: Options): boolean {
  return options.flags.has('--help') || options.flags.has('--version');
}

function span(shell: Shell, value: Value): Span {
  return shell.spanOf({ start: value.start, end: value.end });
}

/** Deleting a link that this script made deletes the link, unless a slash stands behind it. */
function isOwnLink(text: string, call: Call): boolean {
  return !text.endsWith('/') && call.state.ownLinks.has(resolvePath(text, call.state.cwd));
}

function pathFrame({ state }: Call): { cwd: string; home: string; workspace: string } {
  return { cwd: state.cwd, home: state.home, workspace: state.workspace };
}

export function deleteTarget(shell: Shell, call: Call, value: Value, recursive: boolean): void {
  const target = isOwnLink(value.text, call)
    ? classifyPath(value.text, { ...pathFrame(call), links: new Map() })
    : shell.classify(value.text, call.state);
  shell.emit(deleteEffect(target, recursive, span(shell, value)));
}

function remove(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, NO_VALUES);
  if (asksForHelp(options)) return SILENT;
  const recursive = options.has('-r', '-R', '--recursive');
  for (const operand of options.operands) deleteTarget(shell, call, operand, recursive);
  if (options.operands.length === 0 && recursive && options.has('-f', '--force')) {
    // `rm -rf` alone does nothing, but says that its target got lost on the way.
    shell.unresolved('deletes recursively without a target', call.span);
  }
  return SILENT;
}

/** rimraf, del-cli: recursive without being told. */
function removeTree(shell: Shell, call: Call): Stream {
  for (const operand of new Options(call.args, NO_VALUES).operands)
    deleteTarget(shell, call, operand, true);
  return SILENT;
}

const SHRED = optionSpec('-n -s --iterations --size --random-source');

function shred(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, SHRED);
  if (asksForHelp(options)) return SILENT;
  for (const operand of options.operands) {
    const target = shell.classify(operand.text, call.state);
    const effect = deleteEffect(target, false, span(shell, operand));
    // Overwriting is meant to be final: everything but scratch files is worth a question.
    const scratch = target.targetClass === 'tmp' || target.targetClass === 'artefact';
    shell.emit(
      effect.verdict === 'allow' && !scratch
        ? {
            ...effect,
            verdict: 'approve',
            rule_id: 'files.shred',
            message: 'overwrites a file beyond recovery',
          }
        : effect,
    );
  }
  return SILENT;
}

const TRUNCATE = optionSpec('-s -r --size --reference');

function truncate(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, TRUNCATE);
  for (const operand of options.operands) {
    shell.emit(
      writeEffect(shell.classify(operand.text, call.state), 'truncate', span(shell, operand)),
    );
  }
  return SILENT;
}

function removeDirectory(shell: Shell, call: Call): Stream {
  // rmdir takes only empty directories; of the system's own, even that is refused here.
  for (const operand of new Options(call.args, NO_VALUES).operands) {
    const effect = deleteEffect(
      shell.classify(operand.text, call.state),
      false,
      span(shell, operand),
    );
    if (effect.target_class !== 'workspace_root' && effect.target_class !== 'unknown')
      shell.emit(effect);
  }
  return SILENT;
}

/** Trees that must keep their owner and mode for the machine to work. */
function permissions(spec: OptionSpec, kind: 'mode' | 'owner'): Handler {
  return (shell, call) => {
    const options = new Options(call.args, spec);
    if (asksForHelp(options)) return SILENT;
    const recursive = options.has('-R', '--recursive');
    const referenced = options.value('--reference') !== undefined;
    // `chmod -x file`: a mode that looks like an option.
    const symbolic = call.args.find(
      (arg) => /^-[rwxXst]+$/.test(arg.text) && !arg.text.includes('R'),
    );
    const modeFirst = !referenced && (symbolic === undefined || kind === 'owner');
    const mode = modeFirst ? (options.operands[0]?.text ?? '') : (symbolic?.text ?? '');
    const open = kind === 'mode' && isOpenMode(mode);
    if (kind === 'mode' && setsUserId(mode)) reportSetUserId(shell, call, options.operands);
    for (const operand of options.operands.slice(modeFirst ? 1 : 0)) {
      const target = shell.classify(operand.text, call.state);
      // `chown root ~/*` reaches as far as `chown -R root ~`.
      const whole = recursive || hasGlob(operand.text);
      shell.emit(permissionEffect(target, whole, open, span(shell, operand)));
    }
    return SILENT;
  };
}

function reportSetUserId(shell: Shell, call: Call, programs: readonly Value[]): void {
  const grave = programs.some(({ text }) => isGraveProgram(text));
  shell.report(
    'permission',
    'setuid',
    grave ? 'deny' : 'approve',
    grave ? 'permissions.setuid-shell' : 'permissions.setuid',
    grave
      ? 'lets everybody become root through a shell or an interpreter'
      : 'lets a program run with the rights of its owner',
    call.span,
  );
}

/** A shell, an interpreter, or a program that lies where everybody can put one. */
function isGraveProgram(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    isShellName(name) ||
    /^(?:python|perl|ruby|node|php|find|vim?|nano|env|awk|less|cp|dd)[0-9.]*$/.test(name) ||
    /^(?:\/tmp|\/var\/tmp|\/dev\/shm)\//.test(path)
  );
}

function isOpenMode(mode: string): boolean {
  if (/^[0-7]{3,4}$/.test(mode))
    return ['2', '3', '6', '7'].includes(mode.at(-1) ?? '') || mode.endsWith('000');
  return /(?:^|,)(?:[ugo]*[oa][ugo]*|)[+=][rxXst]*w|^(?:a|ugo)?-rwx$/.test(mode);
}

function setsUserId(mode: string): boolean {
  return /^[4-7][0-7]{3}$/.test(mode) || /(?:^|,)[ugoa]*\+[rwxX]*s/.test(mode);
}

const DD = NO_VALUES;

function diskDump(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, DD);
  let input: Stream = call.stdin ?? SILENT;
  for (const operand of options.operands) {
    const { text } = operand;
    if (!text.startsWith('if=')) continue;
    const source = { ...operand, text: text.slice(3) };
    input = shell.readFile(source, call.state, false);
    // A sector is looked at every day; all of them are every file there is.
    const whole = !options.operands.some((other) => other.text.startsWith('count='));
    if (whole && shell.classify(source.text, call.state).targetClass === 'device') {
      shell.report(
        'credential_read',
        'raw_read',
        'approve',
        'disk.raw-read',
        'reads a device past the permissions of its files',
        call.span,
        { target: source.text },
      );
    }
  }
  for (const operand of options.operands) {
    if (!operand.text.startsWith('of=')) continue;
    const path = operand.text.slice(3);
    shell.writeFile(path, false, operand, call.state);
    shell.remember(path, input, false, call.state);
    return SILENT;
  }
  return input;
}

const COPY = optionSpec(
  '-t -S -m -o -g --target-directory --suffix --mode --owner --group --backup',
);

function copies(kind: 'cp' | 'mv' | 'ln' | 'install'): Handler {
  return (shell, call) => {
    const options = new Options(call.args, COPY);
    if (asksForHelp(options)) return SILENT;
    const operands = [...options.operands];
    if (kind === 'install') {
      if (options.has('-d', '--directory')) return SILENT;
      const mode = options.value('-m', '--mode')?.text ?? '';
      if (setsUserId(mode)) reportSetUserId(shell, call, operands);
    }
    const target =
      options.value('-t', '--target-directory') ??
      (operands.length > 1 ? operands.pop() : undefined);
    for (const source of operands) moveSource(shell, call, kind, source, target);
    if (target !== undefined && target.text !== '/dev/null') {
      shell.writeFile(target.text, false, target, call.state);
    }
    const [source] = operands;
    if (kind === 'ln' && target !== undefined && source !== undefined) {
      if (isExact(source.text) && isExact(target.text)) {
        const link = resolvePath(target.text, call.state.cwd);
        call.state.addLink(link, shell.classify(source.text, call.state).path);
      }
    }
    return SILENT;
  };
}

/** A credential that gets a second home is a credential that gets away more easily. */
function copySecret(shell: Shell, call: Call, source: Value, target: Value): void {
  const from = shell.classify(source.text, call.state);
  if (from.targetClass !== 'secret') return;
  const to = shell.classify(target.text, call.state);
  // A project's own file beside itself is everyday.
  const own = isInside(from.path, call.state.workspace) && isInside(to.path, call.state.workspace);
  if (to.targetClass === 'secret' || own || target.text === '/dev/null') return;
  reportCopy(shell, call, source);
}

function reportCopy(shell: Shell, call: Call, source: Value): void {
  shell.report(
    'credential_read',
    'copy',
    'approve',
    'credentials.copy',
    'copies credentials to another place',
    call.span,
    { target: source.text },
  );
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function moveSource(
  shell: Shell,
  call: Call,
  kind: string,
  source: Value,
  target: Value | undefined,
): void {
  const stream = shell.readFile(source, call.state, false);
  if (kind === 'cp' && target !== undefined) copySecret(shell, call, source, target);
  if (kind === 'mv') {
    const from = shell.classify(source.text, call.state);
    // Moving a tree away takes it from where it is needed: the same as deleting it there.
    const effect = deleteEffect(from, true, span(shell, source));
    const lost = target?.text === '/dev/null' || effect.verdict === 'deny';
    const away =
      effect.verdict === 'approve' &&
      (from.targetClass === 'workspace' || from.targetClass === 'workspace_root') &&
      target !== undefined &&
      !isInside(shell.classify(target.text, call.state).path, call.state.workspace);
    if (lost || away || from.targetClass === 'vcs_metadata') {
      shell.emit({ ...effect, operation: 'move' });
    }
  }
  if (target !== undefined && (stream.taint & ~Taint.file) !== 0) {
    shell.remember(target.text, stream, false, call.state);
  } else if (target !== undefined && stream.text !== UNKNOWN) {
    shell.remember(target.text, stream, false, call.state);
  }
  if (kind === 'ln' && target !== undefined) {
    // Writing through a link writes what it points to.
    const linked = shell.classify(source.text, call.state);
    if (linked.targetClass === 'policy') {
      shell.emit(writeEffect(linked, 'overwrite', span(shell, source)));
    }
  }
}

const TAR = optionSpec(
  '-f -C -T -X -b -I -H -g -F --file --directory --files-from --exclude-from --exclude --use-compress-program --to-command --checkpoint-action --info-script --new-volume-script --rsh-command --transform --strip-components',
);

function archive(shell: Shell, call: Call): Stream {
  // `tar xzf a.tgz`: the first word may be a cluster without its dash.
  const [first, ...others] = call.args;
  const clustered = first !== undefined && /^[A-Za-z]+$/.test(first.text);
  const args = clustered ? [{ ...first, text: `-${first.text}` }, ...others] : call.args;
  const variable = call.state.lookup('TAR_OPTIONS')?.text ?? '';
  const words = variable === '' ? [] : variable.split(/\s+/).filter(Boolean);
  const given = words.map((text) => ({ text, taint: 0, ...call.span }));
  const options = new Options([...given, ...args], TAR);
  for (const name of [
    '-I',
    '-F',
    '--use-compress-program',
    '--to-command',
    '--info-script',
    '--new-volume-script',
    '--rsh-command',
    '--checkpoint-action',
  ]) {
    const value = options.value(name);
    if (value === undefined) continue;
    const text = name === '--checkpoint-action' ? value.text.replace(/^exec=/, '') : value.text;
    if (name !== '--checkpoint-action' || text !== value.text)
      shell.evaluateText(text, call.state, call.span);
  }
  const directory = options.value('-C', '--directory');
  if (options.has('-x', '--extract', '--get')) {
    if (directory !== undefined) {
      const target = shell.classify(directory.text, call.state);
      if (target.targetClass !== 'root' && target.targetClass !== 'home') {
        shell.emit(writeEffect(target, 'create', span(shell, directory)));
      } else {
        shell.report(
          'write',
          'extract',
          'approve',
          'files.extract-over',
          'unpacks over a system or home directory',
          call.span,
        );
      }
    }
    return options.has('-O', '--to-stdout') ? { text: UNKNOWN, taint: Taint.decoded } : SILENT;
  }
  if (!options.has('-c', '--create', '-r', '-u', '--append', '--update'))
    return { text: UNKNOWN, taint: 0 };
  let taint = 0;
  const members = options.operands.map((operand) => inDirectory(operand, directory));
  for (const operand of members) {
    const { taint: own } = shell.readFile(operand, call.state, false);
    if ((own & Taint.secret) !== 0) reportCopy(shell, call, operand);
    taint |= own & Taint.secret;
    const { targetClass } = shell.classify(operand.text, call.state);
    if (targetClass === 'home' || targetClass === 'root') taint |= Taint.secret;
    // An archive of what a build made is meant to leave; one of anything else may hold anything.
    else if (targetClass !== 'artefact' && targetClass !== 'tmp') taint |= Taint.bulk;
  }
  if (options.has('--remove-files')) {
    for (const operand of members) deleteTarget(shell, call, operand, true);
  }
  const output = options.value('-f', '--file')?.text;
  if (output === undefined || output === '-') return { text: UNKNOWN, taint };
  const colon = output.indexOf(':');
  if (colon > 0 && !output.slice(0, colon).includes('/')) shell.sent(taint, call.span);
  shell.writeFile(output, false, call.span, call.state);
  shell.remember(output, { text: UNKNOWN, taint }, false, call.state);
  return SILENT;
}

/** `tar -C there name`: the name is one of that directory. */
function inDirectory(operand: Value, directory: Value | undefined): Value {
  if (directory === undefined || /^[/~]/.test(operand.text)) return operand;
  return { ...operand, text: `${directory.text.replace(/\/$/, '')}/${operand.text}` };
}

/** `7z a -sdel archive file`: archives, and deletes what it has archived. */
function sevenZip(shell: Shell, call: Call): Stream {
  const [verb, target, ...sources] = new Options(call.args, NO_VALUES).operands;
  if (!['a', 'u'].includes(verb?.text ?? '')) return { text: UNKNOWN, taint: 0 };
  let taint = 0;
  for (const source of sources) taint |= shell.readFile(source, call.state, false).taint;
  if (call.args.some(({ text }) => text === '-sdel'))
    for (const source of sources) deleteTarget(shell, call, source, true);
  if (target !== undefined)
    shell.remember(target.text, { text: UNKNOWN, taint }, false, call.state);
  return SILENT;
}

/** `rename s/a/b/ file...`: a file of the system's under another name is a file less. */
function rename(shell: Shell, call: Call): Stream {
  for (const file of new Options(call.args, NO_VALUES).operands.slice(1))
    shell.emit(writeEffect(shell.classify(file.text, call.state), 'move', span(shell, file)));
  return SILENT;
}

function split(shell: Shell, call: Call): Stream {
  const spec = optionSpec('-a -b -C -l -n -t --bytes --lines --number --filter --suffix-length');
  const options = new Options(call.args, spec);
  const filter = options.value('--filter');
  if (filter !== undefined) shell.evaluateText(filter.text, call.state, call.span);
  const [input, prefix] = options.operands;
  if (input !== undefined && input.text !== '-') shell.readFile(input, call.state, false);
  if (prefix !== undefined) shell.writeFile(prefix.text, false, prefix, call.state);
  return SILENT;
}

function patch(shell: Shell, call: Call): Stream {
  const options = new Options(
    call.args,
    optionSpec('-d -i -o -p -B -D -F -r -V -Y -z --directory --input --output --strip'),
  );
  if (options.has('--dry-run')) return SILENT;
  const [original] = options.operands;
  for (const place of [
    options.value('-d', '--directory'),
    options.value('-o', '--output'),
    original,
  ])
    if (place !== undefined) shell.writeFile(place.text, false, place, call.state);
  return SILENT;
}

function zip(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-x -i -P -b -t -n -TT --unzip-command'));
  const tester = options.value('-TT', '--unzip-command');
  if (tester !== undefined) shell.evaluateText(tester.text, call.state, call.span);
  const [target, ...sources] = options.operands;
  let taint = call.stdin?.taint ?? 0;
  for (const source of sources) taint |= shell.readFile(source, call.state, false).taint;
  if (options.has('-m', '--move'))
    for (const source of sources) deleteTarget(shell, call, source, true);
  if (target?.text === '-') return { text: UNKNOWN, taint: taint | Taint.bulk };
  if (target !== undefined)
    shell.remember(target.text, { text: UNKNOWN, taint }, false, call.state);
  return SILENT;
}

function writesOperands(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-d -r -t -m'));
  for (const operand of options.operands) {
    const target = shell.classify(operand.text, call.state);
    if (target.targetClass === 'policy')
      shell.emit(writeEffect(target, 'create', span(shell, operand)));
  }
  return SILENT;
}

function changeAttributes(shell: Shell, call: Call): Stream {
  for (const operand of call.args) {
    if (/^[-+=]/.test(operand.text)) continue;
    const target = shell.classify(operand.text, call.state);
    shell.emit(permissionEffect(target, true, false, span(shell, operand)));
  }
  return SILENT;
}

export const FILES: Readonly<Record<string, Handler>> = {
  rm: remove,
  grm: remove,
  wipe: remove,
  srm: remove,
  unlink: remove,
  rimraf: removeTree,
  del: remove,
  'del-cli': removeTree,
  trash: () => SILENT,
  rmdir: removeDirectory,
  shred,
  truncate,
  chmod: permissions(optionSpec('--reference'), 'mode'),
  chown: permissions(optionSpec('--reference --from'), 'owner'),
  chgrp: permissions(optionSpec('--reference'), 'owner'),
  chattr: changeAttributes,
  setfacl: changeAttributes,
  dd: diskDump,
  cp: copies('cp'),
  mv: copies('mv'),
  ln: copies('ln'),
  link: copies('ln'),
  install: copies('install'),
  tar: archive,
  bsdtar: archive,
  gtar: archive,
  zip,
  '7z': sevenZip,
  '7za': sevenZip,
  '7zz': sevenZip,
  rename,
  prename: rename,
  split,
  patch,
  mkfifo: writesOperands,
  touch: writesOperands,
  mkdir: writesOperands,
  strip: writesOperands,
  objcopy: writesOperands,
  patchelf: writesOperands,
  upx: writesOperands,
};
