import { EXIT, Failure } from '../exit-codes.js';
import { UnreachableError } from '../client/api-error.js';
import { numberOf, tagOf, type Run } from '../mlflow/messages.js';
import { isRefusal, isStatus } from '../mlflow/reader.js';
import { BusyError } from '../mlflow/retry.js';
import { importedFilter, MARK, marked, type ImportContext } from './context.js';

export interface Place {
  readonly to: string;
  readonly isNew: boolean;
  readonly deleted: boolean;
}

const PARENT = 'mlflow.parentRunId';
const MAX_GENERATIONS = 100;
const TRIES = 4;

/** Finds or makes the runs here that stand for runs of the source; parents before their children. */
export class RunPlaces {
  private readonly places = new Map<string, Place | undefined>();

  /** `experiments`: ours by those of the source, for all that are imported. */
  constructor(
    private readonly context: ImportContext,
    private readonly experiments: ReadonlyMap<string, string>,
  ) {}

  get(id: string): Place | undefined {
    return this.places.get(id);
  }

  /** Learns what an experiment here has of this source already. */
  async learn(experimentId: string): Promise<void> {
    for await (const page of this.context.target.reader.runPages(experimentId, importedFilter(this.context)))
      for (const { info, data } of page) {
        const id = tagOf(data?.tags, MARK.run);
        if (id) this.places.set(id, { to: info.run_id, isNew: false, deleted: info.lifecycle_stage === 'deleted' });
      }
  }

  /** A run that is refused is counted, and has no place. `heirs`: runs whose parent it is, so that a circle of parents ends. */
  async place(run: Run, heirs: readonly string[] = []): Promise<Place | undefined> {
    const id = run.info.run_id;
    const to = this.experiments.get(run.info.experiment_id);
    if (this.places.has(id) || to === undefined) return this.places.get(id);
    const parentId = tagOf(run.data?.tags, PARENT);
    const parent = parentId ? await this.parent(parentId, [...heirs, id]) : undefined;
    const made = await this.make(run, to, parentId, parent?.to).catch((error: unknown) => {
      if (isStatus(error, 403)) throw new Failure(`${error.message}: the token may not write runs here`, EXIT.auth);
      if (!isRefusal(error)) throw error;
      this.context.tally.lost('runs', id, error);
      return undefined;
    });
    const place = made === undefined ? undefined : { to: made, isNew: true, deleted: false };
    this.places.set(id, place);
    return place;
  }

  private async parent(id: string, heirs: readonly string[]): Promise<Place | undefined> {
    if (this.places.has(id)) return this.places.get(id);
    if (heirs.includes(id) || heirs.length > MAX_GENERATIONS) return undefined;
    const run = await this.context.source.reader.run(id).catch((error: unknown) => {
      if (isRefusal(error)) return undefined;
      throw error;
    });
    return run?.info.run_id === id ? this.place(run, heirs) : undefined;
  }

  private async make({ info, data }: Run, to: string, parentId?: string, parent?: string): Promise<string> {
    const tags = marked(this.context, [], MARK.run, info.run_id);
    if (parent) tags.push({ key: PARENT, value: parent });
    // The parent is not imported: it is not forgotten either.
    else if (parentId) tags.push({ key: MARK.parent, value: parentId });
    const name = info.run_name || tagOf(data?.tags, 'mlflow.runName');
    const body = {
      experiment_id: to,
      user_id: info.user_id,
      run_name: name || undefined,
      start_time: numberOf(info.start_time),
      tags,
    };
    return this.once(info.run_id, to, body);
  }

  /** A request whose answer was lost may have made the run: it is looked for before it is made again. */
  private async once(id: string, experimentId: string, body: object): Promise<string> {
    const { rest } = this.context.target.reader;
    for (let n = 1; ; n++)
      try {
        return (await rest.call<{ run: Run }>('POST', 'runs/create', { body, tries: 1 })).run.info.run_id;
      } catch (error) {
        if (n >= TRIES || !(error instanceof UnreachableError || error instanceof BusyError)) throw error;
        const found = await this.lookUp(id, experimentId);
        if (found) return found;
      }
  }

  private async lookUp(id: string, experimentId: string): Promise<string | undefined> {
    const filter = `${importedFilter(this.context)} AND tags."${MARK.run}" = "${id.replaceAll('"', '')}"`;
    for await (const page of this.context.target.reader.runPages(experimentId, filter)) if (page[0]) return page[0].info.run_id;
    return undefined;
  }
}
