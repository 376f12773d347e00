import { createHash } from 'node:crypto';
import type { TailraceClient } from '../client/tailrace-client.js';
import { EXIT, Failure } from '../exit-codes.js';
import type { FileOwner, MlflowFiles } from '../mlflow/files.js';
import { type Experiment, type LoggedModel, type Run } from '../mlflow/messages.js';
import { isRefusal, type MlflowReader } from '../mlflow/reader.js';
import { eachOf } from '../transfer/each-of.js';
import { IdleGuard } from '../transfer/streams.js';
import type { Tally } from '../transfer/tally.js';
import type { ExportFolder } from './export-folder.js';
import { endOf, headOf, historyLines, logText } from './run-files.js';

export interface ExportContext {
  readonly client: TailraceClient;
  readonly reader: MlflowReader;
  readonly files: MlflowFiles;
  readonly folder: ExportFolder;
  readonly tally: Tally;
  readonly only: ReadonlySet<string>;
}

export const KINDS = ['experiments', 'runs', 'files', 'loggedModels', 'models'];
const JOBS = 4;

/** Writes experiments with their runs, files and logged models, and the registry, as files. */
export class Exporter {
  constructor(private readonly context: ExportContext) {}

  async exportAll(): Promise<void> {
    const { only, tally } = this.context;
    for (const experiment of await this.wanted()) {
      const root = `experiments/${experiment.experiment_id}`;
      const isNew = await this.json(`${root}/experiment.json`, experiment);
      tally[isNew ? 'made' : 'present']('experiments');
      for await (const page of this.context.reader.runPages(experiment.experiment_id)) {
        tally.total += page.length;
        await eachOf(page, JOBS, (run) => this.run(run, experiment, `${root}/runs/${run.info.run_id}`));
      }
      await eachOf(this.context.reader.loggedModels(experiment.experiment_id), JOBS, (model) => this.loggedModel(model, root));
    }
    if (only.size === 0) await this.registry();
  }

  private async wanted(): Promise<Experiment[]> {
    const { only, reader } = this.context;
    const found: Experiment[] = [];
    for await (const one of reader.experiments()) if (only.size === 0 || only.has(one.name)) found.push(one);
    const missing = [...only].filter((name) => !found.some((one) => one.name === name));
    if (missing.length === 0) return found;
    throw new Failure(`there is no experiment ${missing.map((name) => JSON.stringify(name)).join(', ')}`, EXIT.notFound);
  }

  private async run(run: Run, experiment: Experiment, root: string): Promise<void> {
    const { folder, reader, tally, client } = this.context;
    const { run_id: id, artifact_uri: uri } = run.info;
    let isNew = await this.json(`${root}/run.json`, headOf(run, experiment));
    const end = endOf(run);
    if (end && (await this.json(`${root}/end.json`, end))) isNew = true;
    const keys = (run.data?.metrics ?? []).map(({ key }) => key).sort();
    if (keys.length > 0) await folder.stream(`${root}/metrics.jsonl`, historyLines(reader, id, keys));
    const log = await logText(client, id);
    if (log) await folder.text(`${root}/log.txt`, log);
    await this.artifacts({ kind: 'run', id, uri }, root);
    tally[isNew ? 'made' : 'present']('runs');
  }

  private async loggedModel(model: LoggedModel, experimentRoot: string): Promise<void> {
    const { model_id: id, artifact_uri: uri } = model.info;
    const root = `${experimentRoot}/models/${id}`;
    const isNew = await this.json(`${root}/model.json`, model);
    await this.artifacts({ kind: 'loggedModel', id, uri }, root);
    this.context.tally[isNew ? 'made' : 'present']('loggedModels');
  }

  private async registry(): Promise<void> {
    const { reader, tally } = this.context;
    for await (const listed of reader.registeredModels()) {
      const { latest_versions: _, ...model } = (await reader.registeredModel(listed.name)) as typeof listed & {
        latest_versions?: unknown;
      };
      const isNew = await this.json(`registry/${fileName(model.name)}.json`, {
        ...model,
        versions: await reader.versions(model.name),
      });
      tally[isNew ? 'made' : 'present']('models');
    }
  }

  private async artifacts(owner: FileOwner, root: string): Promise<void> {
    const { files, tally } = this.context;
    for await (const { path, fault } of files.list(owner))
      try {
        if (fault) tally.lost('files', `${owner.id}/${path}`, `the path is refused: ${fault}`);
        else tally[(await this.artifact(owner, path, `${root}/artifacts/${path}`)) ? 'made' : 'present']('files');
      } catch (error) {
        if (!isRefusal(error) && !isFileFault(error)) throw error;
        tally.lost('files', `${owner.id}/${path}`, error);
      }
  }

  /** The platform names the hash of what it sends: a file that is there with it is not read again. */
  private async artifact(owner: FileOwner, path: string, target: string): Promise<boolean> {
    const guard = new IdleGuard();
    try {
      const response = await this.context.files.open(owner, path, guard.signal);
      const [, hash] = /^"([0-9a-f]{64})"$/.exec(response.headers.get('etag') ?? '') ?? [];
      const kept = await this.context.folder.kept(target);
      if (kept && kept.sha256 === hash) {
        this.context.folder.keep(target, kept);
        return false;
      }
      const body = watched((response.body ?? []) as AsyncIterable<Uint8Array>, guard);
      this.context.tally.bytes += (await this.context.folder.stream(target, body, hash)).size;
      return true;
    } finally {
      guard.end();
    }
  }

  private json(path: string, value: unknown): Promise<boolean> {
    return this.context.folder.text(path, `${JSON.stringify(value, null, 2)}\n`);
  }
}

async function* watched(body: AsyncIterable<Uint8Array>, guard: IdleGuard): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    guard.touch();
    yield part;
  }
}

/** The file system takes no such name. */
function isFileFault(error: unknown): boolean {
  return ['ENAMETOOLONG', 'EISDIR', 'ENOTDIR', 'EEXIST', 'EINVAL'].includes(String((error as { code?: unknown }).code));
}

/** A name that people can read, and that no other model has. */
function fileName(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.replaceAll(/[^\w-]+/g, '_').slice(0, 60)}-${hash}`;
}
