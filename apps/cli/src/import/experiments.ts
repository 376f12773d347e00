import { ApiError } from '../client/api-error.js';
import { EXIT, Failure } from '../exit-codes.js';
import { tagOf, type Experiment, type KeyValue } from '../mlflow/messages.js';
import { isRefusal, isStatus } from '../mlflow/reader.js';
import { inHalves } from '../transfer/halves.js';
import { importedFilter, MARK, marked, otherName, type ImportContext } from './context.js';

/** An experiment and what it is here. */
export interface Placed {
  readonly from: Experiment;
  readonly to: string;
  /** It is in the trash here: nothing can be written to it. */
  readonly deleted: boolean;
}

const TRIES = 20;

/** Finds or makes experiments. */
export class Experiments {
  private here = new Map<string, Experiment>();

  constructor(private readonly context: ImportContext) {}

  /** Those of the source that are wanted. Throws Failure when one was named that it has not. */
  async wanted(): Promise<Experiment[]> {
    const { source, target, only } = this.context;
    const found: Experiment[] = [];
    for await (const one of source.reader.experiments()) if (only.size === 0 || only.has(one.name)) found.push(one);
    const missing = [...only].filter((name) => !found.some((one) => one.name === name));
    if (missing.length > 0)
      throw new Failure(
        `${source.reader.rest.url} has no experiment ${missing.map((name) => JSON.stringify(name)).join(', ')}`,
        EXIT.notFound,
      );
    for await (const one of target.reader.experiments(importedFilter(this.context))) {
      const id = tagOf(one.tags, MARK.experiment);
      if (id) this.here.set(id, one);
    }
    return found.sort((a, b) => Number(a.experiment_id) - Number(b.experiment_id));
  }

  /** Undefined for one that is refused, or the Default of a server that never used it; that is counted. */
  async place(from: Experiment): Promise<Placed | undefined> {
    const { tally } = this.context;
    const known = this.here.get(from.experiment_id);
    if (known) {
      tally.present('experiments');
      const deleted = known.lifecycle_stage === 'deleted';
      if (!deleted) await this.bringTags(from, known.experiment_id, known.tags ?? []);
      return { from, to: known.experiment_id, deleted };
    }
    if (from.experiment_id === '0' && (await this.isEmpty(from))) return void tally.present('experiments');
    try {
      const to = await this.make(from);
      tally.made('experiments');
      return { from, to, deleted: false };
    } catch (error) {
      if (isStatus(error, 403)) throw new Failure(`${error.message}: the token may not make experiments here`, EXIT.auth);
      if (!isRefusal(error)) throw error;
      return void tally.lost('experiments', `${from.experiment_id} (${from.name})`, error);
    }
  }

  /** One that is in the trash of the source goes there here, when all of it has come. */
  async finish({ from, to }: Placed): Promise<void> {
    const { target, state } = this.context;
    // Once: who takes it out of the trash here wants it.
    if (from.lifecycle_stage !== 'deleted' || state.get('experiment', from.experiment_id)) return;
    await target.reader.rest.call('POST', 'experiments/delete', { body: { experiment_id: to } });
    await state.add({ kind: 'experiment', id: from.experiment_id, to });
  }

  private async make(from: Experiment): Promise<string> {
    const { source, target, tally } = this.context;
    const host = new URL(source.reader.rest.url).host;
    for (let n = 0; n < TRIES; n++) {
      const name = n === 0 ? from.name : otherName(from.name, host, n);
      const tags = marked(this.context, [], MARK.experiment, from.experiment_id);
      try {
        const { experiment_id: to } = await target.reader.rest.call<{ experiment_id: string }>('POST', 'experiments/create', {
          body: { name, tags },
        });
        if (n > 0) tally.note(`experiment ${from.name}: that name is taken here, so it goes to ${name}`);
        await this.bringTags(from, to, tags);
        return to;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'RESOURCE_ALREADY_EXISTS') throw error;
        // A first try whose answer was lost has made it all the same.
        const mine = await this.byName(name);
        if (
          mine &&
          tagOf(mine.tags, MARK.experiment) === from.experiment_id &&
          tagOf(mine.tags, MARK.source) === source.reader.rest.url
        )
          return mine.experiment_id;
      }
    }
    throw new ApiError('NAME_TAKEN', `its name and ${TRIES} others like it are taken here`, 409);
  }

  private async byName(name: string): Promise<Experiment | undefined> {
    const { rest } = this.context.target.reader;
    const query = { experiment_name: name };
    return (await rest.call<{ experiment?: Experiment }>('GET', 'experiments/get-by-name', { query })).experiment;
  }

  private async bringTags(from: Experiment, to: string, have: readonly KeyValue[]): Promise<void> {
    const { target, tally } = this.context;
    const wanted = marked(this.context, from.tags ?? [], MARK.experiment, from.experiment_id);
    const set = async ([tag]: readonly KeyValue[]) =>
      target.reader.rest.call('POST', 'experiments/set-experiment-tag', { body: { experiment_id: to, ...tag } });
    const missing = wanted.filter(({ key, value }) => tagOf(have, key) !== value);
    await inHalves(missing, 1, set, ({ key }, error) => tally.lost('tags', `experiment ${from.experiment_id}/${key}`, error));
  }

  private async isEmpty(from: Experiment): Promise<boolean> {
    for await (const page of this.context.source.reader.runPages(from.experiment_id)) return page.length === 0;
    return true;
  }
}
