import { jobType, lineageName, taggedBy, uuidOf, type FacetBodies, type LineageDataset, type LineageJob } from '#contracts';
import { dataOf, loggedDataOf, loggedModelOf, modelOf } from './described-data.js';
import type { LineageKit } from './lineage-kit.js';
import type { RunFacts } from './lineage-facts.port.js';

export interface DescribedRun {
  readonly facts: RunFacts;
  readonly job: LineageJob;
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
  /** Why its training job failed. */
  readonly reason: string | null;
}

type Tags = Readonly<Record<string, string>>;

/** A run with its job and both of its ends; undefined for one that is gone. */
export async function describedRun(kit: LineageKit, runId: string): Promise<DescribedRun | undefined> {
  const { write, facts: ask } = kit;
  const facts = await ask.run(runId);
  if (!facts) return undefined;
  const [{ job, reason }, data, versions] = await Promise.all([
    jobOf(kit, facts),
    ask.data(facts.datasetVersionIds),
    ask.madeByRun(runId),
  ]);
  const models = (way: 'input' | 'output') =>
    facts.models.filter(({ direction }) => direction === way).map((model) => loggedModelOf(write, model));
  return {
    facts,
    job,
    reason,
    inputs: [
      ...data.map((version) => dataOf(write, version)),
      ...facts.datasets.map((set) => loggedDataOf(write, set)),
      ...models('input'),
    ],
    outputs: [...models('output'), ...versions.map((version) => modelOf(write, version, { run: uuidOf(runId) }))],
  };
}

/** The job of a run is what it does again and again: a template where one trained it, else its experiment. */
async function jobOf({ write, facts: ask }: LineageKit, run: RunFacts): Promise<{ job: LineageJob; reason: string | null }> {
  const trained = await ask.trainedBy(run.id);
  const job = trained
    ? write.job(
        { project: trained.project, name: lineageName('template', trained.template) },
        { ...jobType('TRAINING'), ...codeOf(run.tags) },
      )
    : write.job(
        { project: run.project, name: lineageName('experiment', run.experiment) },
        { ...jobType('EXPERIMENT'), ...codeOf(run.tags) },
      );
  return { job, reason: trained?.reason ?? null };
}

/** Where the code is, as MLflow's tags say: only where they name a repository. https://mlflow.org/docs/latest/ml/tracking/#system-tags */
function codeOf(tags: Tags): FacetBodies<'job'> {
  const [repository, commit, branch] = ['repoURL', 'commit', 'branch'].map((part) => tags[`mlflow.source.git.${part}`]);
  if (!repository || !URL.canParse(repository)) return {};
  const version = commit ? { version: commit } : {};
  return { sourceCodeLocation: { type: 'git', url: repository, repoUrl: repository, ...version, ...(branch ? { branch } : {}) } };
}

/** What every event of a run says of it: who it is here, its tags, and the run that it belongs to. */
export async function standingFacets(kit: LineageKit, run: RunFacts): Promise<FacetBodies<'run'>> {
  const ours = { 'tailrace.run': run.id, 'tailrace.name': run.name };
  // MLflow's own tags are for its page: histories, notes and what it says of the user.
  const theirs = Object.fromEntries(Object.entries(run.tags).filter(([key]) => !/^(mlflow|tailrace)\./.test(key)));
  const tags = [ours, theirs].flatMap((each) => taggedBy(each, each === ours ? 'TAILRACE' : 'USER').tags?.tags ?? []);
  return { tags: { tags }, parent: await parentOf(kit, run) };
}

/** The run above is named by its first id, also once it has gone on: which of its stretches a run belongs to nobody says. */
async function parentOf(kit: LineageKit, { parentId }: RunFacts): Promise<object | undefined> {
  const parent = parentId ? await kit.facts.run(parentId) : undefined;
  if (!parent) return undefined;
  const { namespace, name } = (await jobOf(kit, parent)).job;
  return { run: { runId: uuidOf(parent.id) }, job: { namespace, name } };
}

/** What is known once a run has ended. */
export function endFacets({ params, tags }: RunFacts): FacetBodies<'run'> {
  const parameters = Object.entries(params).map(([key, value]) => ({ key, value }));
  return { executionParameters: parameters.length > 0 ? { parameters } : undefined, processing_engine: engineOf(tags) };
}

/** The engine as a training program says it, `tfjs 4.22.0`. */
function engineOf(tags: Tags): object | undefined {
  const [, name, version] = /^(.+) (\S+)$/.exec(tags['tailrace.engine'] ?? '') ?? [];
  return name ? { name, version } : undefined;
}
