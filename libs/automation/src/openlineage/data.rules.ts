import {
  errorOf,
  jobType,
  lineageName,
  taggedBy,
  uuidOf,
  type EventData,
  type LineageRunState,
  type OpenLineageEvent,
} from '#contracts';
import { assertionsOf, dataOf, qualityOf } from './described-data.js';
import type { CheckedFacts } from './lineage-facts.port.js';
import type { LineageKit, LineageRules } from './lineage-kit.js';

type OfVersion = { readonly versionId: string };

/** A version is looked at once, by a job of its data set: that is a run, whose id is the version's. */
async function check(
  kit: LineageKit,
  { versionId }: OfVersion,
  state: LineageRunState,
  found?: (data: CheckedFacts) => object[],
  reason?: string,
): Promise<OpenLineageEvent | undefined> {
  const data = await kit.facts.checked(versionId);
  if (!data) return undefined;
  const { write, time } = kit;
  const job = write.job({ project: data.project, name: lineageName('dataset', data.name, 'check') }, jobType('CHECK'));
  const change = { lifecycleStateChange: data.number === 1 ? 'CREATE' : 'ALTER' };
  // What a check finds is known when it has ended, however late the event of its start is sent.
  const seen = found ? data : { ...data, columns: null };
  const input = dataOf(write, seen, { lifecycleStateChange: change }, found ? qualityOf(data, found(data)) : {});
  const errorMessage = reason === undefined ? undefined : errorOf(reason);
  const run = write.run(uuidOf(versionId), { errorMessage, ...taggedBy({ 'tailrace.version': versionId }) });
  return write.runEvent(time, state, run, job, { inputs: [input] });
}

/** A version against another: one assertion about it, of a job that has no runs here. */
async function compared(kit: LineageKit, data: EventData<'dataset_version.compared'>): Promise<OpenLineageEvent | undefined> {
  const [version] = await kit.facts.data([data.versionId]);
  if (!version) return undefined;
  const { write, time } = kit;
  const { drifted, psi, column } = data;
  const assertion = {
    assertion: 'no_drift',
    success: !drifted,
    severity: 'warn',
    ...(column === null ? {} : { column }),
    ...(psi === null ? {} : { actual: `psi ${psi}` }),
  };
  const input = dataOf(write, version, {}, { dataQualityAssertions: { assertions: [assertion] } });
  const job = write.job({ project: version.project, name: lineageName('dataset', version.name, 'compare') }, jobType('CHECK'));
  return write.jobEvent(time, job, { inputs: [input] });
}

export const DATA_RULES: LineageRules = {
  'dataset.created': async ({ write, facts, time }, { datasetId, name, project }) => {
    const description = (await facts.dataset(datasetId))?.description;
    const documentation = description ? { description } : undefined;
    const facets = { lifecycleStateChange: { lifecycleStateChange: 'CREATE' }, documentation };
    return write.datasetEvent(time, write.dataset({ project, name: lineageName('dataset', name) }, facets));
  },
  'dataset_version.created': (kit, data) => check(kit, data, 'START'),
  'dataset_version.validated': (kit, data) => check(kit, data, 'COMPLETE', ({ findings }) => assertionsOf(true, findings)),
  'dataset_version.validation_failed': (kit, data) =>
    check(kit, data, 'FAIL', ({ findings }) => assertionsOf(false, findings, data.reason), data.reason),
  'dataset_version.compared': compared,
};
