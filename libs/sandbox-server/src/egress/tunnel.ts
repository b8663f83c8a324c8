import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Host } from '@ae/network-rules';
import {
  asksForAnotherHello,
  helloNames,
  MAX_HELLO_BYTES,
  readClientHello,
  readSecondHello,
  type ClientHello,
} from './client-hello.ts';
import { peek } from './peek.ts';

/** A hello, and what may go before the second one: early data that the server did not take. */
const MAX_GUEST_BYTES = 2 * MAX_HELLO_BYTES;
const MAX_SERVER_BYTES = 64;

/** Both ways, each with its own end; when one side is gone, so is the other. */
export function join(guest: Duplex, upstream: Socket): void {
  guest.pipe(upstream);
  upstream.pipe(guest);
  guest.once('close', () => upstream.destroy());
  upstream.once('close', () => guest.end(() => guest.destroy()));
  if (guest.destroyed) upstream.destroy();
  if (upstream.destroyed) guest.destroy();
}

async function helloFor(
  host: Host,
  guest: Duplex,
  read: typeof readSecondHello,
): Promise<ClientHello | 'gone' | 'misnamed'> {
  const hello = await peek(guest, MAX_GUEST_BYTES, read);
  if (hello === undefined) return 'gone';
  return hello !== 'no_hello' && helloNames(hello, host) ? hello : 'misnamed';
}

/**
 * Carries a TLS connection, provided that each of its readable hellos names `host`. A server may
 * ask for a second hello, and takes the name from that one; a guest could have sent it along with
 * the first. So nothing behind the first hello goes out before the server's answer is seen.
 *
 * @param onNamed called once, when the first hello is found right
 * @returns `misnamed` when a hello was none, or named another host, and `gone` when the guest left
 *   before; both streams are then the caller's to end
 */
export async function carryTls(
  host: Host,
  guest: Duplex,
  upstream: Socket,
  onNamed: () => void,
): Promise<'carried' | 'gone' | 'misnamed'> {
  const first = await helloFor(host, guest, (bytes) => readClientHello(bytes));
  if (typeof first === 'string') return first;
  onNamed();
  upstream.write(guest.read(first.length) as Buffer);
  const another = await peek(upstream, MAX_SERVER_BYTES, asksForAnotherHello);
  if (another === true) {
    // The server's wish has to reach the guest before the guest can answer it.
    upstream.pipe(guest);
    const second = await helloFor(host, guest, readSecondHello);
    if (typeof second === 'string') return second;
    upstream.unpipe(guest);
  }
  join(guest, upstream);
  return 'carried';
}
