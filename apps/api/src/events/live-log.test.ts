import { expect, test } from 'vitest';
import type { Ctx } from '#access';
import { LiveLog } from './live-log.js';

const caller = (authId: string) => ({ authId, workspaceId: 'wsp_1' }) as Ctx;

function aLog(): LiveLog {
  const log = { bounds: async () => ({ last: 0n }), checkCursor: async () => undefined, read: async () => [] };
  return new LiveLog(log as never, { on: () => () => undefined } as never);
}

/** A reader that waits for its first event. */
async function reading(live: LiveLog, authId: string): Promise<AsyncGenerator> {
  const events = await live.follow(caller(authId), undefined, undefined);
  void events.next();
  return events;
}

test('one caller reads the log a hundred times at once at most; another still may, and one that ended makes room', async () => {
  const live = aLog();
  for (let i = 0; i < 100; i++) await reading(live, 'mem_1');
  await expect(reading(live, 'mem_1')).rejects.toMatchObject({ code: 'TOO_MANY' });
  await reading(live, 'mem_2');
  live.onModuleDestroy();
  await new Promise((resolve) => setImmediate(resolve));
  await reading(live, 'mem_1');
  live.onModuleDestroy();
});

test('all of them read it two thousand times at once at most', async () => {
  const live = aLog();
  for (let i = 0; i < 2000; i++) await reading(live, `mem_${i % 50}`);
  await expect(reading(live, 'mem_new')).rejects.toMatchObject({ code: 'TOO_MANY' });
  live.onModuleDestroy();
});
