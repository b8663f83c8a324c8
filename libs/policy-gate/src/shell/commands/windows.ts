import type { Call, Shell } from '../shell.ts';
import type { Stream } from '../value.ts';
import { UNKNOWN_STREAM } from '../value.ts';
import type { Handler } from './run-call.ts';

/** A drive, or what the system or the users keep on it, as cmd.exe writes it. */
const GRAVE =
  /(?:^|[\s"])[a-z]:\\?(?:\*|["\s]|$|windows|users|program)|%(?:systemroot|userprofile|systemdrive)%/i;

/** `cmd /c "del /s /q C:\\*"`: its syntax is not parsed, its verbs are known. */
function commandPrompt(shell: Shell, call: Call): Stream {
  const text = call.args.map((arg) => arg.text).join(' ');
  const verb = /\b(?:del|erase|rd|rmdir|format|diskpart|cipher\s+\/w)\b/i.exec(text)?.[0];
  if (verb !== undefined) {
    const grave = GRAVE.test(text) || /^(?:format|diskpart)/i.test(verb);
    shell.report(
      'delete',
      'windows',
      grave ? 'deny' : 'approve',
      'files.delete-windows',
      grave
        ? 'deletes a drive or what the system keeps on it'
        : 'deletes files of a Windows machine',
      call.span,
      { irreversible: true },
    );
  }
  return UNKNOWN_STREAM;
}

export const WINDOWS: Readonly<Record<string, Handler>> = { cmd: commandPrompt };
