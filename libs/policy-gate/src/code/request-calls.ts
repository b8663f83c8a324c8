import { requestEffects } from '../network/request.ts';
import { Taint } from '../shell/value.ts';
import type { Site } from './call-site.ts';
import { main, option } from './call-site.ts';
import type { Arguments, CodeValue } from './code-value.ts';
import { exactText, name, taintOf, text } from './code-value.ts';
import { useFile } from './file-calls.ts';

/** Keywords of requests under which a credential goes where it is meant to. */
const MEANT_FOR_CREDENTIALS = new Set(['headers', 'auth', 'params', 'cookies', 'cert', 'url']);

export function request(site: Site, deletes = false): CodeValue {
  const { machine, args, path } = site;
  const { shell } = machine;
  const target = main(site);
  const address =
    target?.is === 'record' ? (target.fields.get('url') ?? target.fields.get('hostname')) : target;
  const url = exactText(address);
  const hostPart = url ?? (address?.is === 'text' ? knownHost(address.text) : undefined);
  const method = exactText(option(site, 'method')) ?? (deletes ? 'DELETE' : undefined);
  if (hostPart !== undefined && /^[a-z]+:\/\/|^[\w.-]+\.[a-z]{2,}|^\d/i.test(hostPart)) {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(hostPart)?.[1]?.toLowerCase();
    if (scheme === 'file') useFile(site, text(hostPart.replace(/^file:\/\//i, '')), 'read');
    else {
      const local = { ...shell.options.network, allowPrivate: true };
      const loopback = /^(?:[a-z]+:\/\/)?(?:localhost|127\.|\[::1\]|0\.0\.0\.0)/i.test(hostPart);
      const network = loopback ? local : shell.options.network;
      for (const effect of requestEffects({ url: hostPart, method }, network)) {
        if (effect.rule_id === 'network.invalid-url') continue;
        const asked =
          effect.rule_id === 'network.blocked-address' && !/metadata/.test(effect.message)
            ? { ...effect, rule_id: 'network.private-address', verdict: 'approve' as const }
            : effect;
        shell.emit({ ...asked, span: shell.spanOf(site.span) });
      }
    }
  } else if (deletes && address !== undefined) {
    shell.report(
      'network',
      'delete',
      'approve',
      'network.delete-request',
      'asks a server to delete something',
      site.span,
      { irreversible: true },
    );
  }
  if (sendsSecret(args)) shell.secretLeaves(site.span);
  return name(`${path}()`, args.positional, Taint.network);
}

/** `https://host/` of an address whose end is not known. */
function knownHost(address: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/\u0000-\u0002]+\//i.exec(address)?.[0];
}

/** Whole files and environments leave nowhere; a single variable not as the body itself. */
function sendsSecret({ positional, named }: Arguments): boolean {
  const grave = (value: CodeValue): boolean => (taintOf(value) & Taint.secret) !== 0;
  const bare = (value: CodeValue): boolean =>
    value.is !== 'record' && (taintOf(value) & Taint.secretVariable) !== 0;
  for (const [index, value] of positional.entries()) {
    if (value.is === 'record') {
      for (const [key, field] of value.fields) {
        if (!MEANT_FOR_CREDENTIALS.has(key) && (grave(field) || bare(field))) return true;
        if (key !== 'headers' && grave(field)) return true;
      }
    } else if (grave(value) || (index > 0 && bare(value))) return true;
  }
  for (const [key, value] of named) {
    if (
      MEANT_FOR_CREDENTIALS.has(key)
        ? key !== 'headers' && key !== 'auth' && grave(value)
        : grave(value) || bare(value)
    ) {
      return true;
    }
  }
  return false;
}
