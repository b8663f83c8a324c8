/** Programs that read commands. */
export const SHELL_NAMES: ReadonlySet<string> = new Set([
  'sh',
  'bash',
  'dash',
  'zsh',
  'ksh',
  'ksh93',
  'mksh',
  'ash',
  'fish',
  'rbash',
  'csh',
  'tcsh',
]);

export function isShellName(name: string): boolean {
  return SHELL_NAMES.has(name);
}
