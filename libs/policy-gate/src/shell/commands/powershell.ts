import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM } from '../value.ts';
import { deleteTarget } from './files.ts';
import { visit } from './network.ts';
import type { Handler } from './run-call.ts';
import { runText } from './run-call.ts';

const PATHS = optionSpec(
  '-Path -LiteralPath -FilePath -Filter -Include -Exclude -Value -Encoding -Uri -OutFile -Method -Body -Headers -Command',
);

/** The paths a cmdlet is given, by position or by name. */
function pathsOf(call: Call): { paths: Value[]; options: Options } {
  const options = new Options(call.args, PATHS);
  const named = options.value('-Path', '-LiteralPath', '-FilePath');
  return { paths: named === undefined ? options.operands : [named], options };
}

function removeItem(shell: Shell, call: Call): Stream {
  const { paths, options } = pathsOf(call);
  const recursive = [...options.flags].some((flag) => /^-r(?:ec|ecurse)?$/i.test(flag));
  for (const path of paths) deleteTarget(shell, call, path, recursive);
  return SILENT;
}

function writeContent(shell: Shell, call: Call): Stream {
  const { paths } = pathsOf(call);
  const [path] = paths;
  if (path !== undefined) {
    shell.writeFile(path.text, call.name === 'Add-Content', path, call.state, true);
  }
  return SILENT;
}

function readContent(shell: Shell, call: Call): Stream {
  const [path] = pathsOf(call).paths;
  return path === undefined ? UNKNOWN_STREAM : shell.readFile(path, call.state, true);
}

function webRequest(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, PATHS);
  const url = options.value('-Uri') ?? options.operands[0];
  if (url !== undefined) visit(shell, call, url);
  const body = options.value('-Body');
  shell.sent((call.stdin?.taint ?? 0) | (body?.taint ?? 0), call.span);
  const stream: Stream = { text: UNKNOWN, taint: Taint.network };
  const file = options.value('-OutFile');
  if (file === undefined) return stream;
  shell.writeFile(file.text, false, file, call.state);
  shell.remember(file.text, stream, false, call.state);
  return SILENT;
}

function invokeExpression(shell: Shell, call: Call): Stream {
  const text = call.args.map((arg) => arg.text).join(' ');
  const taint = call.args.reduce((sum, arg) => sum | arg.taint, 0);
  if (call.args.length > 0) return runText(shell, call, { text, taint });
  return call.stdin === undefined ? SILENT : runText(shell, call, call.stdin);
}

/** Cmdlets and their short names, as far as their syntax is that of a simple command. */
export const POWERSHELL: Readonly<Record<string, Handler>> = {
  'Remove-Item': removeItem,
  ri: removeItem,
  'Clear-Content': writeContent,
  'Set-Content': writeContent,
  'Add-Content': writeContent,
  'Out-File': writeContent,
  'Get-Content': readContent,
  'Invoke-WebRequest': webRequest,
  'Invoke-RestMethod': webRequest,
  iwr: webRequest,
  irm: webRequest,
  'Invoke-Expression': invokeExpression,
  iex: invokeExpression,
};
