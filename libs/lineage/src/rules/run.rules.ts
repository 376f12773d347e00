import { kindOfId } from '#kernel';
import type { GraphPart } from '../model/graph.js';
import { codeOfMade } from './code.rules.js';
import { edge, edgeIf, part, type Rules } from './rule.js';

type OfExperiment = { readonly experimentId: string };
type OfRun = OfExperiment & { readonly runId: string };
type OfLoggedModel = OfExperiment & { readonly loggedModelId: string };

const runIs = (said: { state?: string; gone?: boolean }) => (data: OfRun) =>
  part([{ id: data.runId, within: data.experimentId, ...said }]);
const loggedModelIs = (said: { state?: string; gone?: boolean }) => (data: OfLoggedModel) =>
  part([{ id: data.loggedModelId, within: data.experimentId, ...said }]);
const experimentIs = (gone: boolean) => (data: OfExperiment) => part([{ id: data.experimentId, gone }]);

/** Id of a data set that only its client knows, by name and digest. */
const loggedDataset = (name: string, digest: string) => `logged_dataset:${name}#${digest}`;

/** How a logged model hangs on its code. */
const BUILT = { code: 'built_from', diff: 'built_with' };

export const RUN_RULES: Rules = {
  'experiment.created': ({ experimentId: id, name: label, project }) => part([{ id, label, project }]),
  'experiment.updated': ({ experimentId: id, name: label }) => part([{ id, label }]),
  'experiment.deleted': experimentIs(true),
  'experiment.restored': experimentIs(false),
  'experiment.purged': ({ experimentId: id }) => part([{ id, state: 'PURGED', gone: true }]),
  'run.started': ({ runId: id, experimentId, datasetVersionIds, name, parentId, code }): GraphPart => {
    const ran = codeOfMade(id, code, { code: 'ran', diff: 'ran_with' });
    return part(
      [{ id, label: name || `run ${id.slice(-6)}`, within: experimentId, state: 'RUNNING' }, ...ran.nodes],
      [
        edge(id, 'part_of', experimentId),
        ...edgeIf(id, 'part_of', parentId),
        ...ran.edges,
        ...datasetVersionIds.map((version) => edge(id, 'trained_on', version)),
      ],
    );
  },
  'run.linked': ({ runId: id, experimentId, datasets, inputs, outputs }) => {
    const sets = datasets.map(({ name, digest }) => ({ id: loggedDataset(name, digest), label: name, within: experimentId }));
    return part(
      [{ id, within: experimentId }, ...sets],
      [
        ...sets.map((set) => edge(id, 'used', set.id)),
        ...inputs.map((model) => edge(id, 'used', model)),
        ...outputs.map((model) => edge(model, 'logged_by', id)),
      ],
    );
  },
  'run.finished': runIs({ state: 'FINISHED' }),
  'run.failed': runIs({ state: 'FAILED' }),
  'run.killed': runIs({ state: 'KILLED' }),
  'run.resumed': runIs({ state: 'RUNNING' }),
  'run.updated': ({ runId: id, experimentId, name: label }) => part([{ id, within: experimentId, label }]),
  'run.deleted': runIs({ gone: true }),
  'run.restored': runIs({ gone: false }),
  'run.purged': runIs({ state: 'PURGED', gone: true }),
  'logged_model.created': ({ loggedModelId: id, experimentId, name: label, runId, code }) => {
    const built = codeOfMade(id, code, BUILT);
    return part(
      [{ id, label, within: experimentId, state: 'PENDING' }, ...built.nodes],
      // A client may name a run of another server.
      [...edgeIf(id, 'logged_by', runId && kindOfId(runId) === 'run' ? runId : null), ...built.edges],
    );
  },
  'logged_model.updated': ({ loggedModelId: id, code }) => codeOfMade(id, code, BUILT),
  'logged_model.ready': loggedModelIs({ state: 'READY' }),
  'logged_model.failed': loggedModelIs({ state: 'FAILED' }),
  'logged_model.deleted': loggedModelIs({ gone: true }),
  'logged_model.purged': loggedModelIs({ state: 'PURGED', gone: true }),
};
