import { eachOf } from '../transfer/each-of.js';
import type { ImportContext } from './context.js';
import { Experiments, type Placed } from './experiments.js';
import { FileCopier } from './files.js';
import { LoggedModels } from './logged-models.js';
import { RunPlaces } from './places.js';
import { Registry } from './registry.js';
import { RunFiller } from './runs.js';
import { ModelVersions } from './versions.js';

export const KINDS = [
  'experiments',
  'runs',
  'params',
  'tags',
  'points',
  'inputs',
  'files',
  'loggedModels',
  'models',
  'versions',
  'aliases',
];

/** Copies all that is wanted of a source. Twice is once: what is here already is found again and only completed. */
export async function importAll(context: ImportContext): Promise<void> {
  const experiments = new Experiments(context);
  const placed: Placed[] = [];
  for (const from of await experiments.wanted()) {
    const one = await experiments.place(from);
    if (one && !one.deleted) placed.push(one);
  }
  const places = new RunPlaces(context, new Map(placed.map(({ from, to }) => [from.experiment_id, to])));
  const copier = new FileCopier(context);
  const models = new LoggedModels(context, places, copier);
  const filler = new RunFiller(context, places, models, copier);
  for (const one of placed) await bringRuns(context, one, { places, models, filler });
  for (const one of placed) await experiments.finish(one);
  const ids = { run: (id: string) => places.get(id)?.to, model: (id: string) => models.ids.get(id) };
  await new Registry(context, new ModelVersions(context, ids)).bring();
}

interface Workers {
  readonly places: RunPlaces;
  readonly models: LoggedModels;
  readonly filler: RunFiller;
}

/** First every run gets its place, so that parents, logged models and their metrics find them; then they are filled. */
async function bringRuns(context: ImportContext, placed: Placed, { places, models, filler }: Workers): Promise<void> {
  const id = placed.from.experiment_id;
  await places.learn(placed.to);
  for await (const page of context.source.reader.runPages(id)) {
    for (const run of page) await places.place(run);
    context.tally.total += page.length;
  }
  await models.bring(placed);
  for await (const page of context.source.reader.runPages(id)) await eachOf(page, context.jobs, (run) => filler.fill(run));
}
