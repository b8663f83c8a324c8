import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { otlpSignals } from './otlp-environment.ts';

// Processes and servers of their own are slow on a busy machine.
import.meta.jest.setTimeout(60_000);

/** Runs a program in a process of its own, as an application would. */
function run(program: string, env: Record<string, string>): Promise<string> {
  const args = ['--conditions=@ae/source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(
    process.execPath,
    [...args, '--import', '@ae/telemetry/register', '--input-type=module', '-e', program],
    {
      cwd: join(import.meta.dirname, '..'),
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the program ended with ${String(code)}`));
    });
  });
}

/** An OTLP receiver over HTTP and JSON that keeps what it gets. */
async function startCollector() {
  const received: { path: string; body: unknown }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      received.push({ path: request.url ?? '', body: JSON.parse(body) as unknown });
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    url: `http://127.0.0.1:${String(port)}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

interface Span {
  name: string;
  traceId: string;
  parentSpanId?: string;
  kind: number;
  attributes: { key: string; value: { stringValue?: string } }[];
}

const APPLICATION = `
  import express from 'express';
  import { metrics } from '@opentelemetry/api';
  import { startTelemetry, createLogger } from '@ae/telemetry';
  const telemetry = startTelemetry({ serviceName: 'test-service', serviceVersion: '1.2.3' });
  const logger = createLogger({ name: 'app', redact: (text) => text });
  metrics.getMeter('test').createCounter('test_total').add(3);
  const app = express();
  app.get('/runs/:id', (request, response) => {
    logger.info('handled');
    response.json({ id: request.params.id });
  });
  const server = app.listen(0, '127.0.0.1', async () => {
    const { port } = server.address();
    await (await fetch('http://127.0.0.1:' + port + '/runs/17')).json();
    server.close();
    await telemetry.shutdown();
    await telemetry.shutdown();
  });
`;

describe('startTelemetry with an OTLP endpoint', () => {
  it('sends the spans of express with their routes, and metrics, under the name of the service', async () => {
    const collector = await startCollector();
    const output = await run(APPLICATION, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    await collector.stop();

    const exported = collector.received
      .filter(({ path }) => path === '/v1/traces')
      .flatMap(({ body }) => (body as { resourceSpans: unknown[] }).resourceSpans) as {
      resource: { attributes: Span['attributes'] };
      scopeSpans: { spans: Span[] }[];
    }[];
    const resource = Object.fromEntries(
      exported[0]!.resource.attributes.map(({ key, value }) => [key, value.stringValue]),
    );
    expect(resource).toMatchObject({
      'service.name': 'test-service',
      'service.version': '1.2.3',
    });

    const spans = exported.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const SERVER = 2;
    const server = spans.find(({ kind }) => kind === SERVER);
    expect(server?.name).toBe('GET /runs/:id');
    expect(server?.attributes).toContainEqual({
      key: 'http.route',
      value: { stringValue: '/runs/:id' },
    });
    const { trace_id } = JSON.parse(output) as { trace_id: string };
    expect(trace_id).toBe(server?.traceId);

    const metricNames = JSON.stringify(
      collector.received.filter(({ path }) => path === '/v1/metrics'),
    );
    expect(metricNames).toContain('test_total');
    expect(collector.received.some(({ path }) => path === '/v1/logs')).toBe(false);
  });

  it('sends only the signal whose endpoint is set, and the environment names the service', async () => {
    const collector = await startCollector();
    await run(APPLICATION, {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_SERVICE_NAME: 'from-environment',
    });
    await collector.stop();
    expect([...new Set(collector.received.map(({ path }) => path))]).toEqual(['/v1/metrics']);
    expect(JSON.stringify(collector.received)).toContain('from-environment');
  });

  it('ends although nothing listens at the endpoint', async () => {
    const collector = await startCollector();
    await collector.stop();
    const output = await run(APPLICATION, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    });
    expect(output).toContain('handled');
  });
});

describe('startTelemetry without an OTLP endpoint', () => {
  it.each<Record<string, string>>([
    {},
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
  ])('loads neither the SDK nor an instrumentation (%j)', async (env) => {
    const program = `
      import { createRequire } from 'node:module';
      import { startTelemetry } from '@ae/telemetry';
      await startTelemetry({ serviceName: 'test-service' }).shutdown();
      const { cache } = createRequire(import.meta.url);
      const loaded = Object.keys(cache).filter((file) => file.includes('@opentelemetry'));
      console.log(JSON.stringify(loaded.filter((file) => !file.includes('@opentelemetry/api/'))));`;
    expect(JSON.parse(await run(program, env))).toEqual([]);
  });

  it('answers the running telemetry until it is shut down', async () => {
    const program = `
      import { startTelemetry } from '@ae/telemetry';
      const first = startTelemetry({ serviceName: 'a' });
      const same = first === startTelemetry({ serviceName: 'b' });
      await first.shutdown();
      console.log(same, first === startTelemetry({ serviceName: 'c' }));`;
    expect(await run(program, {})).toBe('true false\n');
  });
});

describe('otlpSignals', () => {
  it.each([
    [{}, { traces: false, metrics: false }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, { traces: false, metrics: false }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, { traces: true, metrics: true }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }, { traces: true, metrics: false }],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }, { traces: false, metrics: true }],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'TRUE' },
      { traces: false, metrics: false },
    ],
  ])('%j -> %j', (env, signals) => {
    expect(otlpSignals(env)).toEqual(signals);
  });
});
