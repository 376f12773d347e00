import { jobType, lineageName, type EventData, type OpenLineageEvent } from '#contracts';
import { modelOf } from './described-data.js';
import type { LineageKit, LineageRules } from './lineage-kit.js';

/** A template is a job that is known before it runs: what it reads is its data set. */
async function template(
  { write, facts, time }: LineageKit,
  { templateId, name, project }: EventData<'template.created'>,
): Promise<OpenLineageEvent> {
  const datasetId = await facts.datasetOfTemplate(templateId);
  const data = datasetId ? await facts.dataset(datasetId) : undefined;
  const inputs = data ? [write.dataset({ project: data.project, name: lineageName('dataset', data.name) })] : [];
  return write.jobEvent(time, write.job({ project, name: lineageName('template', name) }, jobType('TRAINING')), { inputs });
}

/** An endpoint serves until something else does: it has no runs that end, and what it reads is the version that answers. */
async function serving(kit: LineageKit, data: EventData<'deployment.ready'>): Promise<OpenLineageEvent | undefined> {
  const { write, facts, time } = kit;
  const endpoint = await facts.endpoint(data.endpointId);
  const version = await facts.modelVersion(data.modelVersionId);
  if (!endpoint || !version) return undefined;
  return write.jobEvent(time, endpointJob(kit, endpoint), { inputs: [modelOf(write, version)] });
}

function endpointJob({ write }: LineageKit, { name, project }: { name: string; project: string }) {
  return write.job({ project, name: lineageName('endpoint', name) }, jobType('ENDPOINT'));
}

async function experiment({ write, time }: LineageKit, { name, project }: { name: string; project: string }) {
  return write.jobEvent(time, write.job({ project, name: lineageName('experiment', name) }, jobType('EXPERIMENT')));
}

export const JOB_RULES: LineageRules = {
  'experiment.created': experiment,
  'experiment.updated': async (kit, { experimentId, name }) => {
    const place = await kit.facts.experiment(experimentId);
    return place && experiment(kit, { ...place, name });
  },
  'template.created': template,
  'template.updated': template,
  'endpoint.created': async (kit, data) => kit.write.jobEvent(kit.time, endpointJob(kit, data)),
  'deployment.ready': serving,
};
