import type { GuestLimits } from '../backends/backend.ts';

/** What a sandbox is made of, by name. On bubblewrap there is one image: the machine's programs. */
export interface Template {
  readonly name: string;
  /** Other names under which it is found. */
  readonly aliases: readonly string[];
  /** Environment of every command, before that of the create request. */
  readonly envs: Readonly<Record<string, string>>;
  /** In place of the server's. */
  readonly limits: Partial<GuestLimits>;
  /** Programs that a sandbox of it has on its PATH. */
  readonly programs: readonly string[];
  /** Image on the Docker backend; the server's when undefined. */
  readonly dockerImage: string | undefined;
}
