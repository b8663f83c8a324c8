import { answerJson, Refusal } from '../answer.ts';
import { timeoutMs } from '../create-body.ts';
import { bodyOf, notFound, recordOf, type Call, type Route } from '../route.ts';
import { session } from './sandbox-routes.ts';

async function pause(call: Call): Promise<void> {
  const { registry, response, id } = call;
  const { memory } = await bodyOf(call);
  if (memory === false) {
    throw new Refusal(501, 'a pause that keeps files but no memory is not supported');
  }
  const paused = await registry.pause(id);
  if (paused === undefined) throw notFound(id);
  if (!paused) throw new Refusal(409, `sandbox '${id}' is paused already`);
  answerJson(response, 204);
}

/** The call of older SDKs; newer ones connect. */
async function resume(call: Call): Promise<void> {
  const { registry, response, id } = call;
  const body = await bodyOf(call);
  const resumed = await registry.resume(id, timeoutMs(body));
  if (resumed === undefined) throw notFound(id);
  if (!resumed) throw new Refusal(409, `sandbox '${id}' is running already`);
  answerJson(response, 201, session(recordOf(call)));
}

/** Connecting resumes a paused sandbox. It may prolong a sandbox's life, never shorten it. */
async function connect(call: Call): Promise<void> {
  const { registry, response, id } = call;
  const body = await bodyOf(call);
  const wanted = body['timeout'] === undefined ? 0 : timeoutMs(body);
  if (body['memory'] === false && recordOf(call).state === 'paused') {
    throw new Refusal(501, 'a resumption without the memory is not supported');
  }
  const resumed = await registry.resume(id, wanted);
  const record = recordOf(call);
  if (wanted > 0 && Date.now() + wanted > record.endAt.getTime()) registry.setTimeout(id, wanted);
  answerJson(response, resumed === true ? 201 : 200, session(record));
}

export const pauseRoutes: readonly Route[] = [
  { method: 'POST', path: /^\/(?:v2\/)?sandboxes\/([^/]+)\/pause$/, handler: pause },
  { method: 'POST', path: /^\/(?:v2\/)?sandboxes\/([^/]+)\/resume$/, handler: resume },
  { method: 'POST', path: /^\/(?:v2\/)?sandboxes\/([^/]+)\/connect$/, handler: connect },
];
