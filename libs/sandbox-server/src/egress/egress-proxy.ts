/**
 * The way out of a sandbox. The guest carries each connection of its programs here as it is; what
 * they ask for, in HTTP/1.1 to a proxy, is read here and nowhere else. A guest that has taken over
 * its own end can say nothing that its programs could not.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressClass } from '@ae/network-rules';
import type { EgressEvent } from '../events/server-event.ts';
import { dial } from './dial.ts';
import {
  judgeTarget,
  parseAuthority,
  type Authority,
  type RefusalRule,
  type Target,
} from './egress-rule.ts';
import { forward } from './forward.ts';
import { GuestStream } from './guest-stream.ts';
import { peek } from './peek.ts';
import { classifyAddress, dnsLookup, resolveHost, type Lookup } from './resolve-address.ts';
import { TokenBucket } from './token-bucket.ts';
import { carryTls } from './tunnel.ts';

export interface EgressLimits {
  /** Connections of a sandbox at once; further ones wait. */
  readonly streams: number;
  /** Bytes of the head of a request. */
  readonly headBytes: number;
  /** Milliseconds after which a silent connection is ended. */
  readonly idleMs: number;
  /** Bytes of a sandbox in its life, in both directions. */
  readonly totalBytes: number;
  /** Connections and requests a second, and at once before that holds; further ones wait. */
  readonly perSecond: number;
  readonly burst: number;
}

/** How the proxy of every sandbox of a server resolves, judges and bounds. */
export interface EgressEnvironment {
  readonly lookup: Lookup;
  readonly addressClass: (address: string) => AddressClass;
  readonly ports: readonly number[];
  readonly limits: EgressLimits;
}

export type EgressOptions = Partial<Omit<EgressEnvironment, 'limits'>> & {
  readonly limits?: Partial<EgressLimits>;
};

const DEFAULT_LIMITS: EgressLimits = {
  streams: 64,
  headBytes: 8192,
  idleMs: 60_000,
  totalBytes: 4 * 1024 ** 3,
  perSecond: 400,
  burst: 2_000,
};

export function egressEnvironment(options: EgressOptions = {}): EgressEnvironment {
  return {
    lookup: options.lookup ?? dnsLookup(),
    addressClass: options.addressClass ?? classifyAddress,
    ports: options.ports ?? [80, 443],
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
}

/** Bytes of a stream that may be on their way before they are read. */
const WINDOW_BYTES = 256 * 1024;
const TLS_HANDSHAKE = 22;
const HTTP_PORT = 80;
/** Events of one kind at once and a second: one sandbox must not push those of all others out. */
const EVENT_BURST = 200;
const EVENTS_PER_SECOND = 5;
/** Requests on one connection that wait for the answer to an earlier one. */
const MOST_WAITING = 32;

/** What plain HTTP is used for; WebDAV, TRACE and the like need not pass. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

const STATUS: Readonly<Record<RefusalRule | 'unreachable', readonly [number, string]>> = {
  invalid_request: [400, 'Bad Request'],
  invalid_host: [400, 'Bad Request'],
  not_in_allowlist: [403, 'Forbidden'],
  blocked_address: [403, 'Forbidden'],
  port_not_allowed: [403, 'Forbidden'],
  name_mismatch: [403, 'Forbidden'],
  limit_exceeded: [403, 'Forbidden'],
  method_not_allowed: [405, 'Method Not Allowed'],
  unresolvable: [502, 'Bad Gateway'],
  unreachable: [502, 'Bad Gateway'],
};

type Opened =
  | { readonly outcome: 'open'; readonly target: Target; readonly upstream: Socket }
  | { readonly outcome: 'refused'; readonly rule: RefusalRule | 'unreachable' };

/** A guest's tunnel in which it speaks plain HTTP, and the connection that is ready for it. */
interface PlainTunnel {
  readonly authority: Authority;
  ready: Socket | undefined;
}

/** Requests of one connection, which are served one after the other. */
interface Queue {
  waiting: number;
  tail: Promise<void>;
}

interface PlainTarget {
  readonly authority: Authority;
  readonly path: string;
}

function hostText({ host, port }: Target): string {
  return port === HTTP_PORT ? host.name : `${host.name}:${port}`;
}

function refusalText(rule: RefusalRule | 'unreachable'): string {
  return `The sandbox's egress proxy refused: ${rule}.\n`;
}

/** The target of a request to a proxy: an absolute http URL without user or fragment. */
function absoluteTarget(url: string): PlainTarget | undefined {
  const match = /^http:\/\/([^/?#]+)([/?][^#]*)?$/i.exec(url);
  const authority = match === null ? undefined : parseAuthority(match[1] ?? '', HTTP_PORT);
  if (authority === undefined) return undefined;
  const rest = match?.[2] ?? '/';
  return { authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}

function hostHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && /^host$/i.test(rawHeaders[at - 1] ?? ''));
}

export class EgressProxy {
  readonly #environment: EgressEnvironment;
  readonly #tell: (event: EgressEvent) => void;
  /** Apart, so that what is let out cannot hide what is refused. */
  readonly #told = {
    egress_allowed: { budget: new TokenBucket(EVENT_BURST, EVENTS_PER_SECOND), suppressed: 0 },
    egress_refused: { budget: new TokenBucket(EVENT_BURST, EVENTS_PER_SECOND), suppressed: 0 },
  };
  /** A guest that asks as fast as it can must not take the server's time from all others. */
  readonly #pace: TokenBucket;
  readonly #server: Server;
  readonly #guests = new Map<Duplex, Target | undefined>();
  readonly #plainTunnels = new WeakMap<Duplex, PlainTunnel>();
  readonly #queues = new WeakMap<Duplex, Queue>();
  #session: ServerHttp2Session | undefined;
  #entries: readonly string[];
  #bytes = 0;

  /** @param tell told of each connection that is let out or refused */
  constructor(
    entries: readonly string[],
    environment: EgressEnvironment,
    tell: (event: EgressEvent) => void,
  ) {
    this.#entries = entries;
    this.#environment = environment;
    this.#tell = tell;
    this.#pace = new TokenBucket(environment.limits.burst, environment.limits.perSecond);
    this.#server = createServer({
      maxHeaderSize: environment.limits.headBytes,
      insecureHTTPParser: false,
      keepAliveTimeout: 0,
    });
    this.#server.on('request', (request, response) => {
      this.#enqueue(request, response);
    });
    this.#server.on('connect', (request: IncomingMessage, guest: Duplex, head: Buffer) => {
      this.#connect(request, guest, head).catch(() => guest.destroy());
    });
    this.#server.on('clientError', (_error, guest: Duplex) => {
      if (guest.destroyed) return;
      this.#event('invalid_request', { host: '', port: 0 }, '');
      // In the middle of an answer, another one would look like part of it.
      if (guest.writable && !this.#queues.get(guest)?.waiting) {
        this.#answer(guest, 'invalid_request');
      } else guest.destroy();
    });
  }

  /**
   * Serves the guest at the other end of `stream`.
   *
   * @returns when the guest's end listens; never when the guest is gone
   */
  serve(stream: Duplex): Promise<void> {
    const { streams } = this.#environment.limits;
    const session = performServerHandshake(stream, {
      maxSessionMemory: 32,
      maxHeaderListPairs: 16,
      // Each connection that a program breaks off is a reset; Node allows 33 a second.
      streamResetBurst: 10_000,
      streamResetRate: 1_000,
      settings: {
        maxConcurrentStreams: streams,
        maxHeaderListSize: 1024,
        initialWindowSize: WINDOW_BYTES,
      },
    });
    this.#session = session;
    session.on('error', () => {
      // Its streams end; that of the guest itself is told by its backend.
    });
    stream.on('error', () => session.destroy());
    session.on('stream', (carrier) => {
      carrier.on('error', () => {
        // 'close' follows.
      });
      const waitMs = this.#pace.takeLater();
      if (waitMs === 0) {
        this.#accept(carrier);
        return;
      }
      const waiting = setTimeout(() => this.#accept(carrier), waitMs);
      carrier.once('close', () => clearTimeout(waiting));
    });
    return new Promise((resolve) => {
      session.once('remoteSettings', () => resolve());
    });
  }

  /** Replaces the allowlist; connections that it no longer allows are ended. */
  allow(entries: readonly string[]): void {
    this.#entries = entries;
    for (const [guest, target] of this.#guests) {
      if (target !== undefined && !this.#allows(target)) guest.destroy();
    }
  }

  close(): void {
    this.#session?.destroy();
    for (const guest of this.#guests.keys()) guest.destroy();
  }

  #accept(carrier: ServerHttp2Stream): void {
    if (carrier.destroyed || carrier.closed) return;
    try {
      carrier.respond({ ':status': 200 });
    } catch {
      // It ended in between.
      return;
    }
    const guest = new GuestStream(carrier, {
      idleMs: this.#environment.limits.idleMs,
      onBytes: (bytes) => this.#count(bytes),
    });
    this.#guests.set(guest, undefined);
    guest.once('close', () => this.#guests.delete(guest));
    this.#server.emit('connection', guest);
  }

  #allows({ host, port }: Target): boolean {
    const { ports } = this.#environment;
    return judgeTarget(this.#entries, ports, { host: host.name, port }).outcome === 'allowed';
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#environment.limits.totalBytes) return;
    for (const guest of this.#guests.keys()) guest.destroy();
  }

  #event(rule: EgressEvent['rule'], { host, port }: Authority, method: string): void {
    const type = rule === 'allowlist' ? 'egress_allowed' : 'egress_refused';
    const told = this.#told[type];
    if (!told.budget.take()) {
      told.suppressed += 1;
      return;
    }
    const { suppressed } = told;
    told.suppressed = 0;
    this.#tell({
      type,
      host: host.slice(0, 255),
      port,
      method: method.slice(0, 16),
      rule,
      ...(suppressed === 0 ? {} : { suppressed }),
    });
  }

  /** Judges where a guest wants to go, resolves it once and connects to what was judged. */
  async #open(authority: Authority, guest: Duplex): Promise<Opened> {
    const { ports, lookup, addressClass, limits } = this.#environment;
    if (this.#bytes > limits.totalBytes) return { outcome: 'refused', rule: 'limit_exceeded' };
    const verdict = judgeTarget(this.#entries, ports, authority);
    if (verdict.outcome === 'refused') return verdict;
    const { target } = verdict;
    const resolution = await resolveHost(target.host, lookup, addressClass);
    if (resolution.outcome === 'refused') return resolution;
    const upstream = await dial(resolution.addresses, target.port);
    if (upstream === undefined) return { outcome: 'refused', rule: 'unreachable' };
    if (guest.destroyed || !this.#allows(target)) {
      // Gone, or forbidden while it was looked up.
      upstream.destroy();
      return { outcome: 'refused', rule: guest.destroyed ? 'unreachable' : 'not_in_allowlist' };
    }
    if (this.#guests.has(guest)) this.#guests.set(guest, target);
    const end = (): void => {
      upstream.destroy();
    };
    guest.once('close', end);
    upstream.once('close', () => guest.off('close', end));
    return { outcome: 'open', target, upstream };
  }

  #answer(guest: Duplex, rule: RefusalRule | 'unreachable'): void {
    const [status, phrase] = STATUS[rule];
    const text = refusalText(rule);
    guest.end(
      `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
      () => guest.destroy(),
    );
  }

  async #connect(request: IncomingMessage, guest: Duplex, head: Buffer): Promise<void> {
    const url = request.url ?? '';
    const authority = parseAuthority(url);
    const isBusy = (this.#queues.get(guest)?.waiting ?? 0) > 0;
    if (authority === undefined || isBusy || this.#plainTunnels.has(guest)) {
      this.#event('invalid_request', authority ?? { host: url, port: 0 }, 'CONNECT');
      if (isBusy) guest.destroy();
      else this.#answer(guest, 'invalid_request');
      return;
    }
    const opened = await this.#open(authority, guest);
    if (opened.outcome === 'refused') {
      if (opened.rule !== 'unreachable') this.#event(opened.rule, authority, 'CONNECT');
      this.#answer(guest, opened.rule);
      return;
    }
    const { target, upstream } = opened;
    guest.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) guest.unshift(head);
    const first = await peek(guest, 1, (bytes) => bytes[0]);
    if (first === undefined) {
      guest.destroy();
    } else if (first === TLS_HANDSHAKE) {
      const allowed = (): void => this.#event('allowlist', authority, 'CONNECT');
      const outcome = await carryTls(target.host, guest, upstream, allowed);
      if (outcome === 'misnamed') this.#event('name_mismatch', authority, 'CONNECT');
      if (outcome !== 'carried') guest.destroy();
    } else {
      // A tunnel for plain HTTP, as some clients ask for: its requests are read like all others.
      this.#plainTunnels.set(guest, { authority, ready: upstream });
      this.#server.emit('connection', guest);
    }
  }

  /** One at a time: a guest that sends requests ahead must not hold many connections by one. */
  #enqueue(request: IncomingMessage, response: ServerResponse): void {
    const guest: Duplex = request.socket;
    const queue = this.#queues.get(guest) ?? { waiting: 0, tail: Promise.resolve() };
    this.#queues.set(guest, queue);
    if (queue.waiting >= MOST_WAITING) {
      guest.destroy();
      return;
    }
    queue.waiting += 1;
    const answered = new Promise<void>((resolve) => {
      response.once('close', () => {
        guest.off('close', resolve);
        resolve();
      });
      guest.once('close', resolve);
    });
    queue.tail = queue.tail
      .then(() => {
        const waitMs = this.#pace.takeLater();
        return waitMs === 0 ? undefined : sleep(waitMs);
      })
      .then(() => (guest.destroyed ? undefined : this.#request(guest, request, response)))
      .catch(() => response.destroy())
      .then(() => answered)
      .then(() => {
        queue.waiting -= 1;
      });
  }

  async #request(guest: Duplex, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tunnel = this.#plainTunnels.get(guest);
    const method = request.method ?? '';
    const url = request.url ?? '';
    const wanted =
      tunnel === undefined
        ? absoluteTarget(url)
        : url.startsWith('/')
          ? { authority: tunnel.authority, path: url }
          : undefined;
    response.sendDate = false;
    const refuse = (rule: RefusalRule | 'unreachable'): void => {
      if (rule !== 'unreachable') {
        this.#event(rule, wanted?.authority ?? { host: url, port: 0 }, method);
      }
      if (response.headersSent) response.destroy();
      // What is left of a refused body is not read.
      else response.writeHead(STATUS[rule][0], { connection: 'close' }).end(refusalText(rule));
    };
    if (wanted === undefined) {
      refuse('invalid_request');
      return;
    }
    if (!METHODS.has(method)) {
      refuse('method_not_allowed');
      return;
    }
    const ready = tunnel?.ready;
    if (tunnel !== undefined) tunnel.ready = undefined;
    const { ports } = this.#environment;
    const target = judgeTarget(this.#entries, ports, wanted.authority);
    if (target.outcome === 'allowed' && !this.#isNamedBy(hostHeaders(request), target.target)) {
      refuse('name_mismatch');
      return;
    }
    const opened: Opened =
      target.outcome === 'allowed' && ready !== undefined && !ready.destroyed
        ? { outcome: 'open', target: target.target, upstream: ready }
        : await this.#open(wanted.authority, guest);
    if (opened.outcome === 'refused') {
      refuse(opened.rule);
      return;
    }
    this.#event('allowlist', wanted.authority, method);
    const destination = { host: hostText(opened.target), path: wanted.path };
    forward(request, response, opened.upstream, destination, () => refuse('unreachable'));
  }

  /** Whether the Host headers of a request are one, and say what its target says. */
  #isNamedBy(hosts: readonly string[], target: Target): boolean {
    if (hosts.length !== 1) return hosts.length === 0;
    const named = parseAuthority(hosts[0] ?? '', HTTP_PORT);
    if (named?.port !== target.port) return false;
    const verdict = judgeTarget(this.#entries, this.#environment.ports, named);
    return verdict.outcome === 'allowed' && verdict.target.host.name === target.host.name;
  }
}
