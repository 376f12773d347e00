import { describe } from 'vitest';
import { missingPostgres15, startPlatform, startPostgres15, startSplit, type Server } from '#testing';
import { titled } from './on-s3.js';

/** Starts a server with these settings beside the usual ones of tests; its `stop` also stops what it stands on. */
export type Start = (env?: Readonly<Record<string, string>>) => Promise<Server>;

const embedded: Start = (env) => startPlatform({ env });

const split: Start = async (env) => {
  const postgres = await startPostgres15();
  const server = await startSplit({ ...postgres, env });
  const stop = server.stop.bind(server);
  server.stop = () => stop().finally(postgres.stop);
  return server;
};

export type Topology = 'embedded' | 'split';

/**
 * Runs a suite on each way in which the platform is run: what holds in one process holds in many. A suite that is long runs only what is central of it as
 * processes, by the topology that it is told.
 */
export function inEachTopology(suite: (start: Start, topology: Topology) => void): void {
  describe('in one process, on the embedded PostgreSQL', () => suite(embedded, 'embedded'));
  const missing = missingPostgres15();
  describe.skipIf(missing)(titled('as a process each, on PostgreSQL 15', missing), () => suite(split, 'split'));
}
