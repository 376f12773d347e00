import { numberOf, recordOf, tagOf, type KeyValue, type Run } from '../mlflow/messages.js';
import { isRefusal } from '../mlflow/reader.js';
import { inHalves } from '../transfer/halves.js';
import type { Step } from '../transfer/state-file.js';
import type { LeftOut } from '../transfer/tally.js';
import { MARK, marked, type ImportContext } from './context.js';
import type { FileCopier } from './files.js';
import type { LoggedModels } from './logged-models.js';
import type { Place, RunPlaces } from './places.js';
import { PointSender } from './points.js';
import { runPrint } from './prints.js';

interface RunStep extends Step {
  readonly to: string;
  readonly print: string;
  /** The import put it into the trash, as the source had. */
  readonly deleted: boolean;
  /** What this side refused: said again by later imports, and not sent again while the original stays as it is. */
  readonly lost: readonly LeftOut[];
}

/** Attributes of a run, which came with its making. */
const ATTRIBUTES = ['mlflow.runName', 'mlflow.parentRunId'];
const MODEL_HISTORY = 'mlflow.log-model.history';

/** Fills a run here with all that its original has. */
export class RunFiller {
  constructor(
    private readonly context: ImportContext,
    private readonly places: RunPlaces,
    private readonly models: LoggedModels,
    private readonly copier: FileCopier,
  ) {}

  async fill(run: Run): Promise<void> {
    const { tally, state } = this.context;
    const id = run.info.run_id;
    const place = this.places.get(id);
    if (!place) return;
    const print = runPrint(run, this.models.metrics.get(id) ?? []);
    const step = state.get<RunStep>('run', id);
    const same = step?.to === place.to && step.print === print;
    try {
      if (!(await this.isOpen(run, place, step))) return tally.present('runs');
      if (same) for (const { kind, id: what, reason, count } of step.lost) tally.lost(kind, what, reason, count);
      else await this.write(run, place);
      const lost = tally.leftOut.filter((one) => one.id.startsWith(`${id}/`) && one.kind !== 'files');
      await this.copier.copyAll({ kind: 'run', id, uri: run.info.artifact_uri }, place.to, place.isNew);
      const deleted = run.info.lifecycle_stage === 'deleted';
      if (deleted) await this.change('runs/delete', { run_id: place.to });
      if (!same) await state.add({ kind: 'run', id, to: place.to, print, deleted, lost });
      if (place.isNew) tally.made('runs');
      else tally.present('runs');
    } catch (error) {
      if (!isRefusal(error)) throw error;
      tally.lost('runs', id, error);
    }
  }

  /** Nothing is written to a run in the trash: what somebody deleted here stays deleted. What the import deleted comes back when the original did. */
  private async isOpen({ info }: Run, { to, deleted }: Place, step: RunStep | undefined): Promise<boolean> {
    if (!deleted) return true;
    if (!step?.deleted || info.lifecycle_stage === 'deleted') return false;
    await this.change('runs/restore', { run_id: to });
    return true;
  }

  private async write(run: Run, place: Place): Promise<void> {
    const { info, data } = run;
    const have = place.isNew ? undefined : await this.context.target.reader.run(place.to);
    await this.describe(run, place.to, have);
    const keys = (data?.metrics ?? []).map(({ key }) => key);
    await new PointSender(this.context, info.run_id, place.to).send(keys, this.models.metrics.get(info.run_id) ?? []);
    await this.inputs(run, place.to);
    await this.outputs(run, place.to);
    await this.end(run, place.to, have);
  }

  private async describe({ info, data }: Run, to: string, have: Run | undefined): Promise<void> {
    const [params, tags] = [recordOf(have?.data?.params), recordOf(have?.data?.tags)];
    const newParams = (data?.params ?? []).filter(({ key, value }) => params[key] !== value);
    const own = (data?.tags ?? []).filter(({ key }) => !ATTRIBUTES.includes(key)).map((tag) => this.moved(tag, info.run_id, to));
    const newTags = marked(this.context, own, MARK.run, info.run_id).filter(({ key, value }) => tags[key] !== value);
    await this.log(info.run_id, to, 'params', newParams);
    await this.log(info.run_id, to, 'tags', newTags);
  }

  /** MLflow keeps in a tag where the models of a run lie, by the run's id. */
  private moved(tag: KeyValue, from: string, to: string): KeyValue {
    return tag.key === MODEL_HISTORY ? { ...tag, value: tag.value.replaceAll(from, to) } : tag;
  }

  private async log(from: string, to: string, kind: 'params' | 'tags', items: readonly KeyValue[]): Promise<void> {
    const send = async (some: readonly KeyValue[]) => {
      await this.change('runs/log-batch', { run_id: to, [kind]: some });
      this.context.tally.made(kind, some.length);
    };
    await inHalves(items, 100, send, ({ key }, error) => this.context.tally.lost(kind, `${from}/${key}`, error));
  }

  private async inputs({ info, inputs }: Run, to: string): Promise<void> {
    const { tally } = this.context;
    const sets = (inputs?.dataset_inputs ?? []).filter(({ dataset }) => dataset);
    const send = async (datasets: readonly object[]) => {
      await this.change('runs/log-inputs', { run_id: to, datasets });
      tally.made('inputs', datasets.length);
    };
    await inHalves(sets, 50, send, ({ dataset }, error) => tally.lost('inputs', `${info.run_id}/${dataset.name}`, error));
    const models = this.known(info.run_id, inputs?.model_inputs ?? []);
    await this.link(info.run_id, models, (some) => this.change('runs/log-inputs', { run_id: to, models: some }));
  }

  private async outputs({ info, outputs }: Run, to: string): Promise<void> {
    const models = this.known(info.run_id, outputs?.model_outputs ?? []);
    await this.link(info.run_id, models, (some) => this.change('runs/outputs', { run_id: to, models: some }));
  }

  private async link(
    from: string,
    models: readonly ModelLink[],
    send: (some: readonly ModelLink[]) => Promise<unknown>,
  ): Promise<void> {
    await inHalves(models, 100, send, (link, error) => this.context.tally.lost('links', `${from}/${link.model_id}`, error));
  }

  private known(from: string, links: readonly { readonly model_id: string; readonly step?: number | string }[]): ModelLink[] {
    const here = links.filter(({ model_id: id }) => this.models.ids.has(id));
    for (const { model_id: id } of links)
      if (!this.models.ids.has(id))
        this.context.tally.lost('links', `${from}/${id}`, 'the logged model is not among what was imported');
    return here.map(({ model_id: id, step }) => ({ model_id: this.models.ids.get(id)!, step: numberOf(step) ?? 0 }));
  }

  private async end({ info, data }: Run, to: string, have: Run | undefined): Promise<void> {
    const now = have?.info ?? { status: 'RUNNING', run_name: undefined };
    const end = numberOf(info.end_time);
    const name = info.run_name || tagOf(data?.tags, 'mlflow.runName');
    const moved = (info.status ?? 'RUNNING') !== now.status || (end !== undefined && end !== numberOf(have?.info.end_time));
    const renamed = have !== undefined && name !== undefined && name !== now.run_name;
    if (!moved && !renamed) return;
    await this.change('runs/update', {
      run_id: to,
      ...(moved ? { status: info.status, end_time: end } : {}),
      ...(renamed ? { run_name: name } : {}),
    });
  }

  private change(path: string, body: object): Promise<unknown> {
    return this.context.target.reader.rest.call('POST', path, { body });
  }
}

interface ModelLink {
  readonly model_id: string;
  readonly step: number;
}
