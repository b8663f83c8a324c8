import type { GuestLimits } from '../backends/backend.ts';
import type { GuestChannel } from '../backends/guest-channel.ts';
import type { NetworkSetting } from '../egress/network-setting.ts';

export interface SandboxRecord {
  readonly id: string;
  readonly template: string;
  state: 'running' | 'paused';
  readonly limits: GuestLimits;
  /** Moved by a network call. */
  network: NetworkSetting;
  readonly metadata: Readonly<Record<string, string>>;
  /** The caller of the guest's agent must show it; undefined for a sandbox created open. */
  readonly accessToken: string | undefined;
  readonly startedAt: Date;
  /** When the server ends it; moved by a timeout call, and by as long as it was paused. */
  endAt: Date;
  /** What happens at `endAt`. */
  readonly onTimeout: 'kill' | 'pause';
  /** Whether a call to its agent resumes it. */
  readonly autoResume: boolean;
  readonly channel: GuestChannel;
}
