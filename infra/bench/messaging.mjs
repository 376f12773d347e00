// Latency and throughput from the commit of an event to a live subscriber and to its queued effect, with two subscribers an event.
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createCtx, Journal, reactionCtx } from '#access';
import { loadConfig } from '#config';
import { ROUTES } from '#contracts';
import { startEmbedded, UnitOfWork } from '#database';
import { migrateAll, PlatformModule } from '#host';
import { newId, sleep } from '#kernel';
import { RelayModule, Subscriber, SubscriberHost, SubscriberProcessor } from '#messaging';
import pg from 'pg';
import { LiveLog } from '../../dist/apps/api/src/events/live-log.js';
import { quantile } from './report.mjs';

const SUBSCRIBERS = ['training-runner.wake', 'deployment.follow'];
const committed = new Map();
const effects = [];
let done = 0;

/** A processor whose effect is its inbox row: what is measured is the way there. */
function recorder(subscriber) {
  class Recorder extends SubscriberProcessor {
    subscriber = subscriber;
    constructor(host, unitOfWork) {
      super(host);
      this.unitOfWork = unitOfWork;
    }
    async handle({ event, guard }) {
      await this.unitOfWork.run(reactionCtx(event, 'bench', guard), async () => null);
      done += 1;
      const at = committed.get(event.id);
      if (at !== undefined) effects.push(performance.now() - at);
    }
  }
  Subscriber(subscriber)(Recorder);
  Reflect.defineMetadata('design:paramtypes', [SubscriberHost, UnitOfWork], Recorder);
  return Recorder;
}

async function openDatabase(dir) {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, stop: async () => {} };
  const server = await startEmbedded({ dir });
  const admin = new pg.Client({ connectionString: server.superuserUrl });
  await admin.connect();
  await admin.query('create database bench');
  await admin.end();
  const owner = new URL(server.superuserUrl);
  owner.pathname = '/bench';
  await migrateAll(owner.toString(), 'tailrace_app', 'bench');
  const url = new URL(owner);
  url.username = 'tailrace_app';
  url.password = 'bench';
  return { url: url.toString(), stop: () => server.stop() };
}

export async function measureMessaging(report, dir) {
  for (const name of Object.keys(ROUTES)) ROUTES[name] = name === 'dataset_version.created' ? SUBSCRIBERS : [];
  const database = await openDatabase(join(dir, 'postgres'));
  const config = loadConfig({ TAILRACE_HOME: dir, TAILRACE_LOG_LEVEL: 'silent', REDIS_URL: process.env.REDIS_URL });
  class Role {}
  Injectable()(LiveLog);
  Module({ imports: [RelayModule], providers: [...SUBSCRIBERS.map(recorder), LiveLog] })(Role);
  class Root {}
  const modules = [PlatformModule.register({ config, databaseUrl: database.url, service: 'bench', workers: 6, pool: 20 }), Role];
  const app = await NestFactory.createApplicationContext({ module: Root, imports: modules }, { logger: false });
  try {
    await run(app, report);
  } finally {
    await app.close();
    await database.stop();
  }
}

async function run(app, report) {
  const [unitOfWork, journal] = [app.get(UnitOfWork), app.get(Journal)];
  const ctx = createCtx('wsp_bench', { kind: 'system', name: 'bench' });
  const emit = async () => {
    const versionId = newId('datasetVersion');
    const data = { datasetId: 'dst_bench', versionId, number: 1, parentId: null, blob: 'b' };
    const id = await unitOfWork.run({}, (tx) =>
      journal.record(tx, ctx, { event: 'dataset_version.created', subject: { kind: 'dataset_version', id: versionId }, data }),
    );
    committed.set(id, performance.now());
  };
  const live = [];
  const seen = new Map();
  void (async () => {
    for await (const event of await app.get(LiveLog).follow(ctx, '0', null)) seen.set(event.id, performance.now());
  })();
  for (let i = 0; i < 20; i++) await emit();
  await settled(20 * SUBSCRIBERS.length);
  for (const rate of [1, 50, 200]) {
    effects.length = live.length = done = 0;
    committed.clear();
    seen.clear();
    await atRate(rate, rate === 1 ? 10 : rate * 6, emit);
    await settled(committed.size * SUBSCRIBERS.length);
    await sleep(200);
    // The subscriber may hear of an event before the writer's call has returned: that is a latency of zero from the writer's commit.
    for (const [id, at] of committed) if (seen.has(id)) live.push(Math.max(0, seen.get(id) - at));
    if (live.length !== committed.size) throw new Error(`the live subscriber saw ${live.length} of ${committed.size} events`);
    report.add(
      `commit to live subscriber, ${rate} events/s`,
      'ms',
      figures(live),
      rate === 50
        ? [
            { at: 6, of: 'p50' },
            { at: 30, of: 'p99' },
          ]
        : [],
    );
    report.add(`commit to queued effect, ${rate} events/s`, 'ms', figures(effects), rate === 50 ? [{ at: 25, of: 'p50' }] : []);
  }
  await burst(report, emit, 3000);
}

async function burst(report, emit, count) {
  done = 0;
  const begun = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next++ < count) await emit();
    }),
  );
  const written = performance.now() - begun;
  await settled(count * SUBSCRIBERS.length);
  const through = performance.now() - begun;
  report.add('events written (state, audit, log), 8 writers', 'events/s', { value: (count / written) * 1000 });
  report.add(
    'events through log, queue and inbox, two subscribers an event',
    'events/s',
    { value: (count / through) * 1000 },
    { at: 350, of: 'value', atLeast: true },
  );
}

async function atRate(rate, count, emit) {
  const begun = performance.now();
  const running = [];
  for (let i = 0; i < count; i++) {
    const wait = begun + (i * 1000) / rate - performance.now();
    if (wait > 0) await sleep(wait);
    running.push(emit());
  }
  await Promise.all(running);
}

async function settled(count) {
  for (const until = performance.now() + 120_000; done < count; await sleep(10))
    if (performance.now() > until) throw new Error(`${done} of ${count} effects within 120 s`);
}

const figures = (values) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
