import { ApiError } from '../client/api-error.js';
import { UnreachableError } from '../client/api-error.js';
import type { Experiment, KeyValue, Run } from '../mlflow/messages.js';
import { isStatus, type MlflowReader } from '../mlflow/reader.js';
import { BusyError } from '../mlflow/retry.js';
import type { RunHead } from './local-run.js';

export const ID_TAG = 'tailrace.offline.id';
const PARENT = 'mlflow.parentRunId';
const TRIES = 4;

/** Finds the run of a folder on the platform, or makes it. */
export class RunFinder {
  private readonly experiments = new Map<string, string>();

  constructor(private readonly reader: MlflowReader) {}

  /** Undefined when the run that was known is not there any more. */
  async known(runId: string): Promise<Run | undefined> {
    return this.reader.run(runId).catch((error: unknown) => {
      if (isStatus(error, 404)) return undefined;
      throw error;
    });
  }

  /** By its tag; a run that was exported from this very platform is itself. */
  async find(head: RunHead): Promise<Run | undefined> {
    const filter = `tags."${ID_TAG}" = "${head.id}"`;
    for await (const page of this.reader.runPages(await this.experiment(head.experiment), filter)) if (page[0]) return page[0];
    return /^[0-9a-f]{32}$/.test(head.id) ? this.known(head.id) : undefined;
  }

  /** A request whose answer was lost may have made the run: it is looked for before it is made again. */
  async make(head: RunHead, parent: string | undefined): Promise<Run> {
    const tags: KeyValue[] = [{ key: ID_TAG, value: head.id }];
    if (parent) tags.push({ key: PARENT, value: parent });
    const what = { experiment_id: await this.experiment(head.experiment), run_name: head.name, user_id: head.user };
    const body = { ...what, start_time: head.startTime, tags };
    for (let n = 1; ; n++)
      try {
        return (await this.reader.rest.call<{ run: Run }>('POST', 'runs/create', { body, tries: 1 })).run;
      } catch (error) {
        if (n >= TRIES || !(error instanceof UnreachableError || error instanceof BusyError)) throw error;
        const found = await this.find(head);
        if (found) return found;
      }
  }

  private async experiment(name: string): Promise<string> {
    const known = this.experiments.get(name) ?? (await this.byName(name)) ?? (await this.makeExperiment(name));
    this.experiments.set(name, known);
    return known;
  }

  private async byName(name: string): Promise<string | undefined> {
    type Answer = { experiment: Experiment };
    const query = { experiment_name: name };
    try {
      const { experiment } = await this.reader.rest.call<Answer>('GET', 'experiments/get-by-name', { query });
      if (experiment.lifecycle_stage !== 'deleted') return experiment.experiment_id;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
    throw new ApiError('CONFLICT', `the experiment ${name} is deleted; restore it, or name another one`, 409);
  }

  private async makeExperiment(name: string): Promise<string> {
    const { rest } = this.reader;
    try {
      return (await rest.call<{ experiment_id: string }>('POST', 'experiments/create', { body: { name } })).experiment_id;
    } catch (error) {
      const made = error instanceof ApiError && error.code === 'RESOURCE_ALREADY_EXISTS' ? await this.byName(name) : undefined;
      if (made) return made;
      throw error;
    }
  }
}
