import type { NetworkPolicy } from '@ae/network-rules';
import { checkHost, hostOfUrl } from '@ae/network-rules';

import type { Effect } from '../effects/effect.ts';
import { holdsCredential } from './credential-text.ts';

/** One HTTP request, as far as it is known. */
export interface Request {
  url: string;
  method?: string | undefined;
  body?: string | undefined;
}

/** What a request reaches, and what it asks for there. */
export function requestEffects(request: Request, network: NetworkPolicy): Effect[] {
  const effects = [reachEffect(request.url, network)];
  const asks = methodEffect(request);
  if (asks !== undefined) effects.push(asks);
  const sent = `${request.body ?? ''}\n${request.url}`;
  if (holdsCredential(sent)) {
    effects.push({
      kind: 'flow',
      operation: 'secret_to_network',
      irreversible: true,
      rule_id: 'flow.secret-to-network',
      verdict: 'deny',
      message: 'sends credentials over the network',
    });
  }
  return effects;
}

function reachEffect(url: string, network: NetworkPolicy): Effect {
  const answer = checkHost(hostOfUrl(url), url, network);
  const base = {
    kind: 'network',
    operation: 'request',
    target: answer.host,
    irreversible: false,
  } as const;
  switch (answer.outcome) {
    case 'allowed':
      return { ...base, rule_id: 'network.request', verdict: 'allow', message: '' };
    case 'not_allowed':
      return {
        ...base,
        rule_id: 'network.not-allowed',
        verdict: 'deny',
        message: `talks to ${answer.host}, which is not in the allowlist`,
      };
    case 'blocked_address':
      return {
        ...base,
        rule_id: 'network.blocked-address',
        verdict: 'deny',
        message: `talks to ${answer.host}, a ${answer.addressClass.replace('_', '-')} address`,
      };
    case 'invalid':
      return {
        ...base,
        rule_id: 'network.invalid-url',
        verdict: 'deny',
        message: 'names no host that can be read without doubt',
      };
  }
}

/** Paths of search engines and stores under which everything lies (`DELETE /_all`, `DELETE /*`). */
const EVERYTHING = /^\/(?:\*|_all|%2a)?\/?$/i;

/** DELETE by its own name says what it does; it may be for good (RFC 9110, section 9.3.5). */
export function methodEffect({ url, method }: Request): Effect | undefined {
  const path = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:\/\/)?[^/?#]*([^?#]*)/.exec(url)?.[1] ?? '';
  const byQuery = /\/_delete_by_query$/.test(path);
  if (method?.toUpperCase() !== 'DELETE' && !byQuery) return undefined;
  const subject = path.replace(/\/_delete_by_query$/, '');
  const all = EVERYTHING.test(subject) && path !== '' && path !== '/';
  if (!all && hostOfUrl(url)?.addressClass === 'loopback') return undefined;
  return {
    kind: 'network',
    operation: 'delete',
    target: url.slice(0, 200),
    irreversible: true,
    rule_id: all ? 'network.delete-all' : 'network.delete-request',
    verdict: all ? 'deny' : 'approve',
    message: all ? 'asks a server to delete everything' : 'asks a server to delete something',
  };
}
