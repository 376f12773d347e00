import { ApiError } from '../client/api-error.js';
import { isRefusal } from '../mlflow/reader.js';
import { tagOf, type ModelVersion } from '../mlflow/messages.js';
import { MARK, marked, type ImportContext } from './context.js';

/** Numbers that the source has not are used up here by versions that are deleted at once, up to this many in a row. */
const MAX_GAP = 1000;

export interface Ids {
  run(id: string): string | undefined;
  model(id: string): string | undefined;
}

/** Versions of registered models: their numbers are kept where this side's are still free. */
export class ModelVersions {
  constructor(
    private readonly context: ImportContext,
    private readonly ids: Ids,
  ) {}

  /** Numbers here by numbers there. */
  async bring(name: string, versions: readonly ModelVersion[]): Promise<Map<string, number>> {
    const { target, tally } = this.context;
    const here = new Map<string, ModelVersion>();
    const present = await target.reader.versions(name);
    for (const one of present) {
      const mark = tagOf(one.tags, MARK.version);
      if (mark && tagOf(one.tags, MARK.source) === this.context.source.reader.rest.url) here.set(mark, one);
    }
    const numbers = new Map<string, number>();
    let last = Math.max(0, ...present.map((one) => Number(one.version)));
    for (const version of versions)
      try {
        const known = here.get(version.version);
        const made = known ?? (await this.make(name, version, last));
        last = Math.max(last, Number(made.version));
        numbers.set(version.version, Number(made.version));
        await this.stage(name, version, made);
        tally[known ? 'present' : 'made']('versions');
      } catch (error) {
        if (!isRefusal(error)) throw error;
        tally.lost('versions', `${version.name}/${version.version}`, error);
      }
    return numbers;
  }

  /** Whether it comes from a run or logged model that is imported. */
  isFromHere({ run_id: run, model_id: model }: ModelVersion): boolean {
    return Boolean((run && this.ids.run(run)) || (model && this.ids.model(model)));
  }

  private async make(name: string, version: ModelVersion, last: number): Promise<ModelVersion> {
    const wanted = Number(version.version);
    for (let number = last; number < wanted - 1 && wanted - number <= MAX_GAP;) number = await this.skip(name);
    const made = await this.create(name, version);
    if (Number(made.version) !== wanted)
      this.context.tally.note(
        `model ${version.name}: version ${version.version} is ${made.version} here, since its number is used`,
      );
    return made;
  }

  /** A number that the source deleted, or never had, must not be given to the next version. */
  private async skip(name: string): Promise<number> {
    const { rest } = this.context.target.reader;
    const body = { name, source: 'deleted://number-not-in-use' };
    const { model_version: made } = await rest.call<{ model_version: ModelVersion }>('POST', 'model-versions/create', { body });
    await rest.call('DELETE', 'model-versions/delete', { body: { name, version: made.version } });
    return Number(made.version);
  }

  /** With the source as it would be written here; one that this side does not take is kept as a tag, and the files are looked for in the run. */
  private async create(name: string, version: ModelVersion): Promise<ModelVersion> {
    const runId = version.run_id ? this.ids.run(version.run_id) : undefined;
    const modelId = version.model_id ? this.ids.model(version.model_id) : undefined;
    const own = marked(this.context, version.tags ?? [], MARK.version, version.version);
    const tags = [...own, ...(version.source ? [{ key: MARK.versionSource, value: version.source }] : [])];
    const said = { name, tags, description: version.description, run_link: version.run_link };
    let refused: unknown;
    for (const source of sourcesOf(version, runId, modelId, this.ids))
      try {
        const ids = { run_id: runId, model_id: source.startsWith('runs:') ? undefined : modelId };
        const body = { ...said, source, ...ids };
        const answer = await this.context.target.reader.rest.call<{ model_version: ModelVersion }>(
          'POST',
          'model-versions/create',
          { body },
        );
        return answer.model_version;
      } catch (error) {
        if (!(error instanceof ApiError) || !isRefusal(error)) throw error;
        refused ??= error;
      }
    throw refused;
  }

  private async stage(name: string, { current_stage: stage }: ModelVersion, made: ModelVersion): Promise<void> {
    if (!stage || stage === (made.current_stage ?? 'None')) return;
    const body = { name, version: String(made.version), stage, archive_existing_versions: false };
    await this.context.target.reader.rest.call('POST', 'model-versions/transition-stage', { body }).catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
      this.context.tally.lost('stages', `${name}/${made.version}`, `${stage}: ${error.message}`);
    });
  }
}

/** Where the files of a version are here, the best first. */
export function sourcesOf(version: ModelVersion, runId: string | undefined, modelId: string | undefined, ids: Ids): string[] {
  const source = version.source ?? '';
  const [, logged] = /^models:\/(m-[^/]+)$/.exec(source) ?? [];
  const loggedHere = (logged ? ids.model(logged) : undefined) ?? modelId;
  const [, run, path] = /^runs:\/+([^/]+)\/?(.*)$/.exec(source) ?? /(?:^|\/)([0-9a-f]{32})\/artifacts\/?(.*)$/.exec(source) ?? [];
  const runHere = (run ? ids.run(run) : undefined) ?? (run === version.run_id ? runId : undefined);
  const found: string[] = [];
  if (loggedHere) found.push(`models:/${loggedHere}`);
  if (runHere) found.push(`runs:/${runHere}/${path ?? ''}`.replace(/\/+$/, ''));
  if (source) found.push(source);
  if (runId && !runHere) found.push(`runs:/${runId}`);
  return [...new Set([...found, 'imported://place-not-known'])];
}
