/**
 * The way out of a guest that cannot inherit a descriptor for it: a second program in a container,
 * `node egress.js <port>`, that speaks over its standard streams.
 */
import { Duplex } from 'node:stream';
import { startEgressBridge } from './egress-bridge.ts';

const stream = Duplex.from({ readable: process.stdin, writable: process.stdout });
stream.on('close', () => process.exit(0));
stream.on('error', () => process.exit(0));
await startEgressBridge(stream, Number(process.argv[2]));
