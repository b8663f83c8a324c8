import { deleteEffect, readEffect, writeEffect } from '../effects/file-effects.ts';
import type { Span } from '../effects/effect.ts';
import { requestEffects } from '../network/request.ts';
import type { Shell } from '../shell/shell.ts';
import type { ShellState } from '../shell/state.ts';
import { STAR, UNKNOWN } from '../shell/value.ts';
import type { CallSite } from './scripting-calls.ts';
import { findCallSites } from './scripting-calls.ts';
import { scriptingCall } from './scripting-knowledge.ts';
import type { ScriptingCall, ScriptingLanguage } from './scripting-knowledge.ts';

/**
 * Judges program text by the calls in it: names that delete, overwrite or run commands, with the
 * arguments that are written out. It is no evaluation: what a program computes is not followed, so
 * the coverage of every such check is partial, and a dangerous call whose argument is computed asks
 * for approval.
 */
export function evaluateScripting(
  text: string,
  language: ScriptingLanguage,
  shell: Shell,
  state: ShellState,
  span: Span,
): void {
  shell.limits.add('code');
  const program = findCallSites(text, language);
  if (program === undefined) {
    shell.limit('code_size', span);
    return;
  }
  const { sites, names } = program;
  const connects = SOCKETS.some((name) => names.has(name));
  const hands =
    HANDING.some((name) => names.has(name)) || /["'`]\s*(?:\/bin\/)?(?:ba|z)?sh\b/.test(text);
  if (connects && hands && RUNNING.some((name) => names.has(name))) shell.remoteShell(span);
  const fetches = FETCHING.some((name) => names.has(name));
  // `Dir.glob('/x/*').each { |f| File.delete(f) }`: what the loop is given is what goes.
  const globs = sites
    .filter((site) => site.name === 'Dir.glob' || site.name === 'glob')
    .flatMap((site) => site.arguments.slice(0, 1));
  for (const site of sites) {
    const known = scriptingCall(language, site.name);
    if (known === undefined) continue;
    const deletes = known.does === 'delete' || known.does === 'delete_tree';
    const computed = site.arguments[0]?.includes(UNKNOWN) ?? true;
    const given = deletes && computed && globs.length > 0 ? { ...site, arguments: globs } : site;
    judgeSite(given, known, fetches, language, shell, state, span);
  }
  if (INDIRECT.test(text)) {
    shell.report(
      'exec',
      'subprocess',
      'approve',
      'code.exec-unresolved',
      'runs a command that cannot be resolved',
      span,
    );
  }
  if (PRINTED_ENVIRONMENT.test(text)) {
    shell.report(
      'credential_read',
      'environment',
      'approve',
      'credentials.read-variable',
      'prints the environment, with the keys in it',
      span,
    );
  }
}

/** The home directory inside a text. */
const HOME = /\$ENV\{['"]?HOME['"]?\}|#\{(?:ENV\[['"]HOME['"]\]|Dir\.home)\}|\$HOME\b/g;
const SOCKETS = [
  'TCPSocket',
  'TCPServer',
  'UNIXSocket',
  'Socket',
  'socket',
  'fsockopen',
  'pfsockopen',
];
const HANDING = ['popen', 'fork', 'dup2', 'reopen', 'STDIN', 'for_fd'];
const RUNNING = [
  'exec',
  'system',
  'popen',
  'IO',
  'proc_open',
  'shell_exec',
  'passthru',
  'spawn',
  'open',
];
/** Names that bring text from the network into a program. */
const FETCHING = ['LWP', 'URI', 'HTTP', 'curl_exec', 'getprint', 'open_uri', 'file_get_contents'];
/** `Kernel.send(:system, ...)`, `call_user_func('exec', ...)`: a name in the place of a call. */
const INDIRECT =
  /\b(?:send|public_send|__send__|method|call_user_func(?:_array)?)\s*\(?\s*[:"'](?:system|exec|spawn|eval|popen|shell_exec|passthru|unlink)\b/;
const PRINTED_ENVIRONMENT =
  /\b(?:puts|p|pp|print|say|print_r|var_dump|inspect)\s*\(?\s*(?:ENV(?:\.(?:to_h|inspect|to_a))?|%ENV|\$_ENV|getenv\(\))\s*\)?\s*(?:[;}\n]|$)/;

function judgeSite(
  site: CallSite,
  known: ScriptingCall,
  fetches: boolean,
  language: ScriptingLanguage,
  shell: Shell,
  state: ShellState,
  span: Span,
): void {
  const [first] = site.arguments;
  switch (known.does) {
    case 'shell':
      if (first === undefined) {
        shell.report(
          'exec',
          'subprocess',
          'approve',
          'code.exec-unresolved',
          'runs a command that cannot be resolved',
          span,
        );
      } else if (site.arguments.length > 1 && known.list === true) {
        shell.call(
          { text: first, taint: 0, ...span },
          site.arguments.slice(1).map((text) => ({ text, taint: 0, ...span })),
          undefined,
          span,
          state,
        );
      } else shell.evaluateText(first, state, span);
      return;
    case 'code':
      if (first?.includes(UNKNOWN) !== false) {
        if (fetches) {
          shell.report(
            'flow',
            'network_to_exec',
            'deny',
            'flow.network-to-exec',
            'runs what it fetches from the network, unseen',
            span,
          );
        } else {
          shell.report(
            'exec',
            'eval',
            'approve',
            'code.eval-unresolved',
            'evaluates code that cannot be resolved',
            span,
          );
        }
      } else if (shell.enter()) {
        evaluateScripting(first, language, shell, state, span);
        shell.leave();
      }
      return;
    case 'delete':
    case 'delete_tree':
    case 'write': {
      const paths = known.everyArgument === true ? site.arguments : site.arguments.slice(0, 1);
      for (const path of paths.length === 0 ? [UNKNOWN] : paths) {
        const interpolated = path.replaceAll(HOME, state.home);
        const expanded = interpolated.replace(/^~(?=\/|$)/, state.home);
        const target = shell.classify(expanded.replaceAll('*', STAR), state);
        // A computed path is everyday in a program; only the loss of a whole tree is worth a question.
        if (path === UNKNOWN && known.does !== 'delete_tree') continue;
        shell.emit(
          known.does === 'write'
            ? writeEffect(target, 'overwrite', shell.spanOf(span))
            : deleteEffect(target, known.does === 'delete_tree', shell.spanOf(span)),
        );
      }
      return;
    }
    case 'glob':
      return;
    case 'request':
    case 'send': {
      if (first === undefined || !/^[a-z]+:\/\/[\w.-]+/i.test(first)) return;
      for (const effect of requestEffects({ url: first }, shell.options.network)) {
        if (effect.rule_id !== 'network.invalid-url')
          shell.emit({ ...effect, span: shell.spanOf(span) });
      }
      return;
    }
    case 'open': {
      if (first === undefined) return;
      const target = shell.classify(first, state);
      const writes = /[wax+]/.test(site.arguments[1] ?? '');
      shell.emit(
        writes
          ? writeEffect(target, 'overwrite', shell.spanOf(span))
          : readEffect(target, true, shell.spanOf(span)),
      );
    }
  }
}
