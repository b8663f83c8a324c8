import { normalizeHost } from '@ae/network-rules';
import type { Redirection } from 'unbash';

import type { Span } from '../effects/effect.ts';
import { expandHereDoc, expandSingle } from './expansion.ts';
import type { Shell } from './shell.ts';
import type { ShellState } from './state.ts';
import type { Stream, Value } from './value.ts';
import { SILENT } from './value.ts';

/** What the redirections of one command say. */
export interface RedirectTarget {
  stdin: Stream | undefined;
  outputs: { path: string; append: boolean; value: Value; errorsOnly?: boolean }[];
}

/** A socket of this machine is no way out of it. */
export function isLocalSocket(path: string): boolean {
  const host = path.split('/')[3] ?? '';
  return normalizeHost(host)?.addressClass === 'loopback';
}

export function isSocket(path: string): boolean {
  return path.startsWith('/dev/tcp/') || path.startsWith('/dev/udp/');
}

export function redirect(
  shell: Shell,
  redirects: readonly Redirection[],
  state: ShellState,
): RedirectTarget {
  const result: RedirectTarget = { stdin: undefined, outputs: [] };
  for (const item of redirects) {
    const descriptor = descriptorOf(shell, item, state);
    const takeInput = (stream: Stream): void => {
      if (descriptor === undefined || descriptor === 0) result.stdin = stream;
      else state.files.set(`/dev/fd/${descriptor}`, stream);
    };
    if (item.type === 'HereDoc') {
      const { parts, text } = item.body;
      takeInput(parts === undefined ? { text, taint: 0 } : expandHereDoc(parts, shell, state));
      continue;
    }
    if (item.target === undefined) continue;
    const value = expandSingle(item.target, shell, state);
    if (item.type === 'HereString') {
      takeInput({ text: `${value.text}\n`, taint: value.taint });
      continue;
    }
    const { operator } = item;
    if (operator === '<' || operator === '<>') {
      takeInput(shell.readFile(value, state, false));
    } else if (operator === '<&') {
      const source = value.text.startsWith('/dev/') ? value.text : `/dev/fd/${value.text}`;
      takeInput(shell.readFile({ ...value, text: source }, state, false));
    } else if (operator === '>&' && (/^\d+-?$|^-$/.test(value.text) || value.text === '')) {
      if (state.networkDescriptors.has(value.text)) {
        result.outputs.push({ path: `/dev/tcp/fd${value.text}`, append: true, value });
      }
    } else {
      const errorsOnly = descriptor === 2 && !operator.startsWith('&');
      result.outputs.push({
        path: value.text,
        append: operator === '>>' || operator === '&>>',
        value,
        ...(errorsOnly ? { errorsOnly } : {}),
      });
      if (descriptor !== undefined && descriptor > 2 && isSocket(value.text)) {
        state.networkDescriptors.add(String(descriptor));
      }
    }
  }
  return result;
}

function descriptorOf(shell: Shell, item: Redirection, state: ShellState): number | undefined {
  const { descriptor } = item;
  if (descriptor?.type !== 'FileDescriptorVariable') return descriptor?.value;
  const number = 10 + state.files.size;
  shell.assign(state, descriptor.name, { text: String(number), taint: 0 });
  return number;
}

export function deliver(
  shell: Shell,
  stream: Stream,
  target: RedirectTarget,
  state: ShellState,
  span: Span,
  empties = false,
): Stream {
  let captured = false;
  for (const output of target.outputs) {
    const { path, append, value } = output;
    captured ||= output.errorsOnly !== true;
    if (isSocket(path) && isLocalSocket(path)) continue;
    if (isSocket(path)) {
      shell.report(
        'network',
        'socket',
        'approve',
        'network.raw-socket',
        'opens a raw network connection',
        span,
        {
          target: path,
        },
      );
      shell.sent(stream.taint, span);
      continue;
    }
    shell.writeFile(path, append, { start: value.start, end: value.end }, state, empties);
    if (output.errorsOnly !== true) shell.remember(path, stream, append, state);
  }
  return captured ? SILENT : stream;
}
