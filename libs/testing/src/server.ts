import type { SplitApp } from './app-process.js';
import type { Client } from './client.js';

/** A started installation, whatever processes it is made of. */
export interface Server {
  readonly url: string;
  /** The admin's sign-in token. */
  readonly token: string;
  /** Process that answers at `url`. */
  readonly pid: number;
  readonly home: string;
  /** Database of the application, by a role that may do everything. */
  readonly databaseUrl: string;
  /** The same database by the role of the application. */
  readonly applicationUrl: string;
  client(token?: string): Client;
  /** Orderly end of every process; rejects when one ends otherwise than with 0. What was made for the test is removed. */
  stop(): Promise<void>;
  /**
   * SIGKILL for every process of the installation but its database, or for the one in which `app` runs; attempts are left running, as a crash leaves them.
   */
  kill9(app?: SplitApp): Promise<void>;
  /** Starts what does not run, on the same state. */
  start(): Promise<void>;
  /** One more process of an app beside what runs; it is gone after the next `stop` or `restart`. */
  another(app: SplitApp): Promise<void>;
  /** Starts anew on the same state, after `kill9` or instead of what runs. `env` adds to what was given at the start. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>;
}

/** Leases, heartbeats and sweeps in seconds, so that a test sees them run out. */
export const SHORT_TIMES: Readonly<Record<string, string>> = {
  TAILRACE_LEASE_SECONDS: '2',
  TAILRACE_LEASE_GRACE_SECONDS: '0',
  TAILRACE_HEARTBEAT_SECONDS: '1',
  TAILRACE_SWEEP_SECONDS: '1',
  TAILRACE_POLL_MS: '50',
};
