import { isRefusal } from '../mlflow/reader.js';
import { tagOf, type LoggedModel, type ModelMetric } from '../mlflow/messages.js';
import { inHalves } from '../transfer/halves.js';
import type { Step } from '../transfer/state-file.js';
import { MARK, marked, type ImportContext } from './context.js';
import type { Placed } from './experiments.js';
import type { FileCopier } from './files.js';
import type { RunPlaces } from './places.js';
import { modelPrint } from './prints.js';

interface ModelStep extends Step {
  readonly to: string;
  readonly print: string;
}

/** Logged models of an experiment, with their files; their metrics go with the runs that measured them. */
export class LoggedModels {
  /** Ours by those of the source. */
  readonly ids = new Map<string, string>();
  /** What logged models say of a run, with our ids of the models. */
  readonly metrics = new Map<string, ModelMetric[]>();

  constructor(
    private readonly context: ImportContext,
    private readonly places: RunPlaces,
    private readonly copier: FileCopier,
  ) {}

  async bring({ from, to }: Placed): Promise<void> {
    this.metrics.clear();
    const here = await this.known(to);
    for await (const model of this.context.source.reader.loggedModels(from.experiment_id))
      try {
        await this.bringOne(model, to, here.get(model.info.model_id));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.context.tally.lost('loggedModels', model.info.model_id, error);
      }
  }

  private async known(experimentId: string): Promise<Map<string, LoggedModel>> {
    const here = new Map<string, LoggedModel>();
    for await (const model of this.context.target.reader.loggedModels(experimentId)) {
      const id = tagOf(model.info.tags, MARK.loggedModel);
      if (id && tagOf(model.info.tags, MARK.source) === this.context.source.reader.rest.url) here.set(id, model);
    }
    return here;
  }

  private async bringOne(model: LoggedModel, experimentId: string, here: LoggedModel | undefined): Promise<void> {
    const { tally, state } = this.context;
    const id = model.info.model_id;
    const to = here?.info.model_id ?? (await this.make(model, experimentId));
    this.ids.set(id, to);
    this.collect(model, to);
    const print = modelPrint(model);
    const step = state.get<ModelStep>('logged_model', id);
    const same = step?.to === to && step.print === print;
    const lost = tally.missing;
    if (!same) await this.describe(model, to);
    await this.copier.copyAll({ kind: 'loggedModel', id, uri: model.info.artifact_uri }, to, !here);
    if (!same) await this.finalize(model, to);
    if (!same && tally.missing === lost) await state.add({ kind: 'logged_model', id, to, print });
    if (here) tally.present('loggedModels');
    else tally.made('loggedModels');
  }

  private async make({ info }: LoggedModel, experimentId: string): Promise<string> {
    const run = info.source_run_id ? this.places.get(info.source_run_id)?.to : undefined;
    const tags = marked(this.context, [], MARK.loggedModel, info.model_id);
    const body = { experiment_id: experimentId, name: info.name, model_type: info.model_type, source_run_id: run, tags };
    const { model } = await this.context.target.reader.rest.call<{ model: LoggedModel }>('POST', 'logged-models', { body });
    return model.info.model_id;
  }

  private async describe({ info, data }: LoggedModel, to: string): Promise<void> {
    const { target, tally } = this.context;
    const tags = marked(this.context, info.tags ?? [], MARK.loggedModel, info.model_id);
    const send = (method: string, part: 'params' | 'tags') => async (items: readonly object[]) =>
      target.reader.rest.call(method, `logged-models/${to}/${part}`, { body: { [part]: items } });
    const lost = (kind: string) => (item: { key: string }, error: Error) =>
      tally.lost(kind, `${info.model_id}/${item.key}`, error);
    await inHalves(data?.params ?? [], 100, send('POST', 'params'), lost('params'));
    await inHalves(tags, 100, send('PATCH', 'tags'), lost('tags'));
  }

  private async finalize({ info }: LoggedModel, to: string): Promise<void> {
    if (info.status !== 'LOGGED_MODEL_READY' && info.status !== 'LOGGED_MODEL_UPLOAD_FAILED') return;
    await this.context.target.reader.rest.call('PATCH', `logged-models/${to}`, { body: { status: info.status } });
  }

  private collect({ data }: LoggedModel, to: string): void {
    for (const { run_id: run, ...metric } of data?.metrics ?? []) {
      if (!run) continue;
      const { key, value, timestamp, step, dataset_name: name, dataset_digest: digest } = metric;
      const point = { key, value, timestamp: Number(timestamp), step: Number(step ?? 0), model_id: to };
      const list = this.metrics.get(run) ?? [];
      list.push({ ...point, ...(name ? { dataset_name: name, dataset_digest: digest } : {}) });
      this.metrics.set(run, list);
    }
  }
}
