import {
  errorOf,
  NO_REASON,
  stretchId,
  type EventData,
  type FacetBodies,
  type LineageRunState,
  type OpenLineageEvent,
} from '#contracts';
import { describedRun, endFacets, standingFacets } from './described-run.js';
import type { LineageKit, LineageRules } from './lineage-kit.js';

type End = EventData<'run.finished'>;
type Ended = 'COMPLETE' | 'FAIL' | 'ABORT';

const ENDED = ['FINISHED', 'FAILED', 'KILLED'];

interface Said {
  readonly runId: string;
  readonly state: LineageRunState;
  readonly resumes: number | undefined;
  readonly facets?: (run: NonNullable<Awaited<ReturnType<typeof describedRun>>>) => FacetBodies<'run'>;
}

/** Every event of a run has both ends whole, as far as they are known: backends take what an event does not name for gone. */
async function runEvent(kit: LineageKit, { runId, state, resumes, facets }: Said): Promise<OpenLineageEvent | undefined> {
  const run = await describedRun(kit, runId);
  if (!run) return undefined;
  const { job, inputs, outputs } = run;
  const id = stretchId(runId, resumes ?? run.facts.resumes);
  const told = kit.write.run(id, { ...(await standingFacets(kit, run.facts)), ...facets?.(run) });
  return kit.write.runEvent(kit.time, state, told, job, { inputs, outputs });
}

/** A run that had ended otherwise already has had its end: what corrects that is beside it. */
function ended(state: Ended) {
  return (kit: LineageKit, { runId, from, resumes }: End) =>
    runEvent(kit, {
      runId,
      resumes,
      state: from !== undefined && ENDED.includes(from) ? 'OTHER' : state,
      facets: (run) => ({
        ...endFacets(run.facts),
        errorMessage: state === 'COMPLETE' ? undefined : errorOf(run.reason ?? NO_REASON[state]),
      }),
    });
}

/** While a run goes on it is RUNNING. Of one that has ended since, only its job has more ends: an event of the run would have it run again. */
async function more(kit: LineageKit, runId: string, resumes: number): Promise<OpenLineageEvent | undefined> {
  const run = await describedRun(kit, runId);
  if (!run) return undefined;
  const goesOn = run.facts.resumes === resumes && !ENDED.includes(run.facts.status);
  if (goesOn) return runEvent(kit, { runId, state: 'RUNNING', resumes });
  return kit.write.jobEvent(kit.time, run.job, { inputs: run.inputs, outputs: run.outputs });
}

/** The time of a schedule, where a schedule began it. */
async function nominalTime(kit: LineageKit): Promise<FacetBodies<'run'>> {
  const cause = await kit.cause();
  const eventId = cause?.name === 'trigger.fired' ? (cause.data as EventData<'trigger.fired'>).eventId : '';
  const [, time] = /^schedule\/(.+)$/.exec(eventId) ?? [];
  const at = time ? new Date(time) : undefined;
  return at && !Number.isNaN(at.getTime()) ? { nominalTime: { nominalStartTime: at.toISOString() } } : {};
}

export const RUN_RULES: LineageRules = {
  'run.started': async (kit, { runId }) => {
    const facets = await nominalTime(kit);
    return runEvent(kit, { runId, state: 'START', resumes: 0, facets: () => facets });
  },
  'run.linked': (kit, { runId, resumes = 0 }) => more(kit, runId, resumes),
  'run.finished': ended('COMPLETE'),
  'run.failed': ended('FAIL'),
  'run.killed': ended('ABORT'),
  // One that was only put back into the queue had no end: it goes on.
  'run.resumed': (kit, { runId, from, resumes = 1 }) =>
    runEvent(kit, { runId, resumes, state: from === 'SCHEDULED' && resumes === 0 ? 'RUNNING' : 'START' }),
  'training_job.started': (kit, { runId }) => more(kit, runId, 0),
};
