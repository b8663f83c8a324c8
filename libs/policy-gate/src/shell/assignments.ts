import type { Shell } from './shell.ts';
import type { ShellState, Variable } from './state.ts';
import { isExact } from './value.ts';

/** Variables whose value somebody runs later. */
const COMMANDS: ReadonlySet<string> = new Set([
  'PROMPT_COMMAND',
  'GIT_SSH_COMMAND',
  'GIT_SSH',
  'GIT_EXTERNAL_DIFF',
  'GIT_PAGER',
  'GIT_EDITOR',
  'GIT_SEQUENCE_EDITOR',
  'GIT_ASKPASS',
  'SSH_ASKPASS',
  'SUDO_ASKPASS',
  'PAGER',
  'MANPAGER',
  'EDITOR',
  'VISUAL',
  'BROWSER',
  'RSYNC_RSH',
  'LESSOPEN',
  'LESSCLOSE',
  'PS4',
]);
/** Variables that load foreign code into every program. */
const PRELOADS: ReadonlySet<string> = new Set([
  'LD_PRELOAD',
  'LD_AUDIT',
  'DYLD_INSERT_LIBRARIES',
  'BASH_ENV',
]);
const HISTORY: ReadonlySet<string> = new Set(['HISTFILE', 'HISTSIZE', 'HISTFILESIZE']);
/** Variables that switch off what guards an agent. */
const BYPASS =
  /^(?:AE|CLAUDE|CODEX|GEMINI|CURSOR|DCG|NAH|SAFETY_NET|CC_SAFETY_NET|AGENT_GUARD|GUARDRAILS?)_(?:\w*_)?(?:DISABLED?|BYPASS|SKIP|OFF|UNSAFE|ALLOW_ALL|NO_SANDBOX|YOLO|DANGEROUSLY\w*)(?:_\w*)?$/;

/** What the setting of a variable means by itself. */
export function judgeAssignment(
  shell: Shell,
  state: ShellState,
  name: string,
  { text }: Variable,
): void {
  const nowhere = { start: 0, end: 0 };
  if (HISTORY.has(name) && (text === '' || text === '0' || text === '/dev/null')) {
    shell.report(
      'defence_evasion',
      'history',
      'approve',
      'evasion.history',
      'keeps the shell from recording its history',
      nowhere,
    );
  } else if (name === 'PATH' && /^(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:[/:]|$)/.test(text)) {
    shell.report(
      'defence_evasion',
      'path',
      'approve',
      'evasion.path',
      'looks for every program where anybody can put one',
      nowhere,
      { target: text },
    );
  } else if (PRELOADS.has(name) && text !== '') {
    shell.report(
      'defence_evasion',
      'preload',
      'approve',
      'evasion.preload',
      'loads foreign code into the programs that follow',
      nowhere,
      { target: text },
    );
  } else if (BYPASS.test(name) && !/^(?:0|false|no|)$/i.test(text)) {
    shell.report(
      'self_protection',
      'bypass',
      'deny',
      'self.bypass-variable',
      'switches off what guards the agent',
      nowhere,
      { target: name },
    );
  } else if (COMMANDS.has(name) && isExact(text) && /[\s;|&$(]/.test(text)) {
    // Only a command line with arguments can do anything to speak of.
    shell.evaluateText(text, state.fork(), nowhere);
  }
}
