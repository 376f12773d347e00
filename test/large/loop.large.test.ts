import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SUBSCRIBER_NAMES } from '#contracts';
import {
  ask,
  checkInvariants,
  missingPostgres15,
  missingRedis,
  startPlatform,
  startPostgres15,
  startRedis,
  startSplit,
  type Server,
} from '#testing';
import { runDemo } from '../../apps/cli/src/demo/demo.js';
import { connections } from './edge-support.js';
import { noSeaweed, startS3, titled } from './on-s3.js';

/**
 * Connections that an installation may hold at most. A process: 8 for its use cases (20 where one process does all), 1 to listen, and one a queue worker and 3 more for the
 * queues; one process has the relay's. Split: 7 processes with all workers among them. Below PostgreSQL's own limit of 100 with room for people.
 */
const WORKERS = SUBSCRIBER_NAMES.length;
const MOST = { platform: 20 + 1 + (WORKERS + 3) + 1, split: 7 * (8 + 1 + 3) + WORKERS + 1 };

interface Started {
  readonly server: Server;
  stop(): Promise<void>;
}

/** The main job from data to prediction and back, as a client of the public API, and what must hold of the installation afterwards. */
function loopSuite(most: number, start: () => Promise<Started>): void {
  let started: Started;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(() => started?.stop());

  test(
    'trains, promotes, serves, retrains by trigger, swaps under load and traces a prediction',
    { timeout: 90_000 },
    async () => {
      const { url, token } = started.server;
      const said: string[] = [];
      const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
      const outcome = await runDemo({ url, token }).catch((error: unknown) => error);
      stdout.mockRestore();
      expect(outcome, said.slice(-20).join('')).toBeUndefined();
    },
  );

  test(`holds at most ${most} connections to its database`, async () => {
    expect((await connections(started.server)).total).toBeLessThanOrEqual(most);
  });

  test('leaves every invariant whole', () => checkInvariants(started.server.databaseUrl));

  test('leaves no event waiting for a retry of a broken connection or for the sweeper', async () => {
    const slow = await ask(
      started.server.databaseUrl,
      `select e.type, i.subscriber, extract(epoch from i.at - e.time) as seconds from inbox i join event_log e on e.id = i.event_id
        where i.at > e.time + interval '10 seconds' and i.subscriber in ('training-runner.wake', 'deployment.follow', 'automation.act')`,
    );
    expect(slow).toEqual([]);
  });
}

describe('in one process, on the embedded PostgreSQL', () => {
  loopSuite(MOST.platform, async () => {
    const server = await startPlatform();
    return { server, stop: () => server.stop() };
  });
});

const noPostgres = missingPostgres15();
describe.skipIf(noPostgres)(titled('as a process each, on PostgreSQL 15', noPostgres), () => {
  loopSuite(MOST.split, async () => {
    const postgres = await startPostgres15();
    const server = await startSplit(postgres);
    return { server, stop: () => server.stop().finally(postgres.stop) };
  });
});

const noRedis = noPostgres ?? missingRedis(process.env);
describe.skipIf(noRedis)(titled('as a process each, on PostgreSQL 15 with queues in Redis', noRedis), () => {
  loopSuite(MOST.split, async () => {
    const [postgres, redis] = await Promise.all([startPostgres15(), startRedis(process.env)]);
    const server = await startSplit({ ...postgres, redisUrl: redis.url });
    const stop = () => server.stop().finally(() => Promise.all([postgres.stop(), redis.stop()]));
    return { server, stop: async () => void (await stop()) };
  });
});

describe.skipIf(noSeaweed)(titled('in one process, with blobs on a real S3', noSeaweed), () => {
  loopSuite(MOST.platform, async () => {
    const s3 = await startS3();
    const server = await startPlatform({ env: s3.env });
    return { server, stop: () => server.stop().finally(() => s3.stop()) };
  });
});
