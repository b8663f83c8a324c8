import {
  deleteEffect,
  permissionEffect,
  readEffect,
  writeEffect,
} from '../effects/file-effects.ts';
import { Taint, UNKNOWN } from '../shell/value.ts';
import type { Site } from './call-site.ts';
import { main, option } from './call-site.ts';
import type { CodeValue } from './code-value.ts';
import { isTrue, name, taintOf, textOf } from './code-value.ts';

export type FileUse =
  'delete' | 'delete_tree' | 'overwrite' | 'append' | 'truncate' | 'read' | 'permission';

/** A path as the file effects judge it; `?.unlink()` means its receiver. */
export function useFile(site: Site, value: CodeValue | undefined, use: FileUse): void {
  const { machine, span } = site;
  const { shell, state } = machine;
  if (value?.is === 'list') {
    for (const item of value.items) useFile(site, item, use);
    return;
  }
  const path = textOf(value);
  // Files that a program picks itself, inside its own project.
  if (use === 'delete' && path.endsWith(UNKNOWN)) {
    const { targetClass } = shell.classify(path, state);
    if (targetClass === 'workspace_root' || targetClass === 'workspace') return;
  }
  // A computed path is everyday in a program; only the loss of a whole tree is worth a question.
  if (path === UNKNOWN && use !== 'delete_tree') return;
  if (value?.is !== 'text' && value !== undefined && use !== 'delete_tree') return;
  if (value?.is === 'text' && value.constant === true) return;
  const target = shell.classify(path, state);
  const at = shell.spanOf(span);
  switch (use) {
    case 'delete':
    case 'delete_tree':
      shell.emit(deleteEffect(target, use === 'delete_tree', at));
      return;
    case 'read':
      shell.emit(readEffect(target, true, at));
      return;
    case 'permission': {
      const mode = textOf(site.args.positional[1] ?? site.args.positional[0]);
      const open = /^(?:0?o?777|511|0?o?666|438)$/.test(mode);
      shell.emit(permissionEffect(target, false, open, at));
      return;
    }
    default:
      shell.emit(writeEffect(target, use, at));
  }
}

export function isRecursive(site: Site): boolean {
  return isTrue(option(site, 'recursive')) || isTrue(option(site, 'force'));
}

/** What was fetched and then written is fetched still when it is run. */
export function rememberContent(
  site: Site,
  path: CodeValue | undefined,
  content: CodeValue | undefined,
): void {
  const { shell, state } = site.machine;
  if (path?.is !== 'text' || content === undefined) return;
  const known = content.is === 'text' ? content.text : UNKNOWN;
  shell.remember(
    path.text,
    { text: known, taint: taintOf(content) & ~Taint.secretVariable },
    false,
    state,
  );
}

/** The path a handle or a path object stands for. */
export function ownPath(site: Site): CodeValue | undefined {
  return site.receiver ?? main(site);
}

export function openFile(site: Site): CodeValue {
  const isMethod = site.receiver !== undefined;
  const path = ownPath(site);
  const mode = textOf(site.args.positional[isMethod ? 0 : 1] ?? site.args.named.get('mode'));
  const writes = mode !== UNKNOWN && /[wax+]/.test(mode);
  useFile(site, path, writes ? (mode.includes('a') ? 'append' : 'overwrite') : 'read');
  const taint = writes ? 0 : fileTaint(site, path);
  return name('open()', path === undefined ? [] : [path], taint);
}

export function fileTaint(site: Site, path: CodeValue | undefined): number {
  const { shell, state } = site.machine;
  if (path?.is !== 'text' || path.text === UNKNOWN) return 0;
  const target = shell.classify(path.text, state);
  const written = state.files.get(target.path);
  if (written !== undefined) return written.taint;
  return target.targetClass === 'secret' ? Taint.secret : 0;
}
