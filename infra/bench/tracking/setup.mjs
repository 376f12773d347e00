// What the scenarios find when they begin. Each part is made once, when the first scenario that needs it comes.
import { Client, measure } from './client.mjs';
import { API, BATCH, points, runBodies, T0, withId } from './seed.mjs';

export const MODELS = 17;
/** Versions of the first model, and of each of the others. */
export const VERSIONS = { first: 100, others: 6 };
const WRITERS = 16;

export const modelName = (n) => `bench-${String(n).padStart(3, '0')}`;
export const versionBody = (name) => JSON.stringify({ name, source: 's3://bench/model' });

export class Setup {
  client;
  #made = new Map();

  constructor(server, options) {
    Object.assign(this, { server, ...options });
    this.client = new Client(server, 4);
  }

  #once(name, make) {
    if (!this.#made.has(name)) this.#made.set(name, this.#settled(make));
    return this.#made.get(name);
  }

  /** Plans must not depend on whether autovacuum came by since: everybody's tables are analyzed after each part. */
  async #settled(make) {
    const made = await make();
    await this.analyze?.();
    return made;
  }

  post(path, body) {
    return this.client.json('POST', API + path, body);
  }

  async experiment(name) {
    return (await this.post('experiments/create', { name })).experiment_id;
  }

  /** The experiment that searches look in: exactly `runs` runs, poured in by 16 connections; the figures of that. */
  seed() {
    return this.#once('seed', async () => {
      this.seedExperiment = await this.experiment('seed');
      const bodies = Array.from({ length: this.runs }, (_, i) => runBodies(this.seedExperiment, i));
      const op = async (client, i) => {
        const { run } = JSON.parse(await client.ok('POST', `${API}runs/create`, bodies[i].create));
        const id = run.info.run_id;
        await client.ok('POST', `${API}runs/log-batch`, bodies[i].batch(id));
        return client.ok('POST', `${API}runs/update`, bodies[i].end(id));
      };
      const check = ({ run_info: info }) => (info?.status === 'FINISHED' ? undefined : `status ${info?.status}`);
      return measure(this.server, { connections: 16, op, check, count: this.runs });
    });
  }

  /** Runs that are written to, in an experiment of their own. */
  writers() {
    return this.#once('writers', async () => {
      const experiment = await this.experiment('writes');
      const made = [];
      for (let i = 0; i < WRITERS; i++) {
        const { run } = await this.post('runs/create', {
          experiment_id: experiment,
          run_name: `writer-${i}`,
          start_time: T0 + i,
          tags: [],
        });
        made.push(run.info);
      }
      return { experiment, ids: made.map(({ run_id: id }) => id), artifactUri: made[0].artifact_uri };
    });
  }

  /** A run with 60 metrics, 20 params and 20 tags. */
  wideRun() {
    return this.#once('wide', async () => {
      const { experiment } = await this.writers();
      const { run } = await this.post('runs/create', { experiment_id: experiment, run_name: 'wide', start_time: T0, tags: [] });
      const named = (letter) => Array.from({ length: 20 }, (_, k) => ({ key: `${letter}${k}`, value: String(k) }));
      const body = withId({ metrics: points((j) => `w${j}`, 0, 60), params: named('p'), tags: named('t') });
      await this.client.ok('POST', `${API}runs/log-batch`, body(run.info.run_id));
      return run.info.run_id;
    });
  }

  /** One metric of many points, in batches of 1,000 by 4 connections; its run, and the figures of that. */
  longRun() {
    return this.#once('long', async () => {
      const { experiment } = await this.writers();
      const { run } = await this.post('runs/create', { experiment_id: experiment, run_name: 'long', start_time: T0, tags: [] });
      const id = run.info.run_id;
      const bodies = Array.from({ length: this.longPoints / BATCH }, (_, i) =>
        withId({ metrics: points('long', i * BATCH, BATCH) })(id),
      );
      const op = (client, i) => client.ok('POST', `${API}runs/log-batch`, bodies[i]);
      return { id, figures: await measure(this.server, { connections: 4, op, count: bodies.length }) };
    });
  }

  /** Experiments, empty, by 16 connections; the figures of that. */
  manyExperiments() {
    return this.#once('experiments', async () => {
      const bodies = Array.from({ length: this.experiments }, (_, i) =>
        JSON.stringify({ name: `exp-${String(i).padStart(4, '0')}` }),
      );
      const op = (client, i) => client.ok('POST', `${API}experiments/create`, bodies[i]);
      const check = ({ experiment_id: id }) => (/^\d+$/.test(id) ? undefined : `id ${id}`);
      return measure(this.server, { connections: 16, op, check, count: bodies.length });
    });
  }

  /** 17 models; the first with 100 versions and the alias `fixed` on its 50th. */
  models() {
    return this.#once('models', async () => {
      for (let n = 0; n < MODELS; n++) await this.post('registered-models/create', { name: modelName(n) });
      for (let n = 0; n < MODELS; n++)
        for (let v = 0; v < (n === 0 ? VERSIONS.first : VERSIONS.others); v++)
          await this.post('model-versions/create', versionBody(modelName(n)));
      await this.post('registered-models/alias', { name: modelName(0), alias: 'fixed', version: '50' });
    });
  }

  close() {
    this.client.close();
  }
}
