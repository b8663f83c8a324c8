import { sendHostileRequests } from './testing/hostile-requests.ts';
import { startTestControlPlane } from './testing/test-control-plane.ts';

it('law: 10,000 hostile requests get no answer of 500, and every error is problem+json', async () => {
  const plane = await startTestControlPlane({ AE_RATE_LIMIT_PER_SECOND: '100000' });
  try {
    await expect(sendHostileRequests(plane, 10_000)).resolves.toBeUndefined();
  } finally {
    await plane.stop();
  }
}, 600_000);
