import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recordedProgress } from './fakes.ts';
import { runSample } from './sample.mjs';

interface Behaviour {
  readonly redact: (output: string) => string;
  readonly status?: string;
  readonly refuses?: boolean;
}

/** Answers as the control plane does; it really runs the command, so the real secret comes out. */
function controlPlane({ redact, status = 'succeeded', refuses = true }: Behaviour): Server {
  let stdout = '';
  let runId = '';
  return createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const answer = (code: number, value: object): void =>
        void response.writeHead(code).end(JSON.stringify(value));
      if (request.url === '/api/v1/safety/check') {
        answer(200, { allowed: !refuses, reason: 'It deletes everything.' });
      } else if (request.method === 'POST') {
        const asked = JSON.parse(body) as { run_id: string; input: { command: string } };
        runId = asked.run_id;
        stdout = redact(spawnSync('sh', ['-c', asked.input.command], { encoding: 'utf8' }).stdout);
        answer(202, { run_id: runId, status: 'queued' });
      } else {
        answer(200, {
          run_id: runId,
          status,
          result: { stdout, stderr: '', exitCode: 0, cost: 0.01, budgetRemaining: 0.99 },
          steps: [
            {
              name: 'policy',
              started_at: '2026-01-01T00:00:00.000Z',
              ended_at: '2026-01-01T00:00:00.012Z',
            },
          ],
          budget: { spent: 0.01, limit: 1, remaining: 0.99 },
        });
      }
    });
  });
}

async function sample(behaviour: Behaviour): Promise<string[]> {
  const server = controlPlane(behaviour);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const progress = recordedProgress();
  try {
    await runSample({ url: `http://127.0.0.1:${port}`, api_key: 'key' }, progress);
    return progress.lines;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const redact = (output: string): string => output.replace(/AKIA\w+/, '[REDACTED:aws]');

describe('runSample', () => {
  it('shows the redacted output, the cost, what remains, the steps and the refusal', async () => {
    const text = (await sample({ redact })).join('\n');
    expect(text).toContain('access key: [REDACTED:aws]');
    expect(text).toContain('$0.01; $0.99 of $1 remain');
    expect(text).toContain('policy 12 ms');
    expect(text).toContain('It deletes everything.');
  });

  it.each<[string, Behaviour, RegExp]>([
    ['the secret comes back', { redact: (output) => output }, /secret came back in clear/],
    ['nothing is redacted', { redact: () => 'nothing' }, /shows no redaction/],
    ['the run fails', { redact, status: 'failed' }, /The run is failed/],
    ['the destructive command is allowed', { redact, refuses: false }, /was allowed/],
  ])('fails when %s', async (_what, behaviour, message) => {
    await expect(sample(behaviour)).rejects.toThrow(message);
  });
});
