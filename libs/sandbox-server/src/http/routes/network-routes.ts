import { ALL_TRAFFIC, outgoingSetting, type NetworkSetting } from '../../egress/network-setting.ts';
import { NoEgressError } from '../../lifecycle/sandbox-registry.ts';
import { answerJson, Refusal } from '../answer.ts';
import { bodyOf, notFound, recordOf, type Call, type Route } from '../route.ts';

/** What E2B's info of a sandbox says of its network. */
export function networkInfo(network: NetworkSetting): Record<string, unknown> {
  const allowOut = network.mode === 'none' ? [] : network.entries;
  return { network: { allowOut, denyOut: [ALL_TRAFFIC] } };
}

/** Replaces the rules of a running sandbox as a whole; what is left out is cleared. */
async function update(call: Call): Promise<void> {
  const { registry, response, id } = call;
  recordOf(call);
  const body = await bodyOf(call);
  if (body['allow_internet_access'] === true) {
    throw new Refusal(501, 'internet access is not supported: name the hosts in allowOut');
  }
  const network = outgoingSetting(body, body['allow_internet_access'] === false);
  try {
    if (!registry.setNetwork(id, network)) throw notFound(id);
  } catch (error) {
    if (error instanceof NoEgressError) throw new Refusal(501, error.message);
    throw error;
  }
  answerJson(response, 204);
}

export const networkRoutes: readonly Route[] = [
  { method: 'PUT', path: /^\/(?:v2\/)?sandboxes\/([^/]+)\/network$/, handler: update },
];
