import { listNodes, PAGE_INFO } from '../client/pages.js';
import type { TailraceClient } from '../client/tailrace-client.js';
import { clean } from '../output/clean.js';
import { durationText } from '../output/units.js';
import { fail, ok, warn, type Check } from './check.js';

/** A lease that ended so long ago should have been taken back (its grace is 30 s by default): nobody reaps. */
const STUCK_MS = 2 * 60 * 1000;
const RECENT_MS = 24 * 60 * 60 * 1000;
const SHOWN = 5;

interface Job {
  readonly id: string;
  readonly attempt: number;
  readonly epoch: number | null;
  readonly leaseExpiresAt: string | null;
  readonly run: { id: string };
  readonly attempts: { number: number; runner: string; state: string; startedAt: string }[];
}

interface Trigger {
  readonly name: string;
  readonly executions: { edges: { node: { state: string; reason: string | null; at: string } }[] };
}

const JOBS = `query ($first: Int, $after: String) { trainingJobs(where: { state: [RUNNING] }, first: $first, after: $after) { ${PAGE_INFO}
  edges { node { id attempt epoch leaseExpiresAt run { id } attempts { number runner state startedAt } } } } }`;
const TRIGGERS = `query ($first: Int, $after: String) { triggers(first: $first, after: $after) { ${PAGE_INFO}
  edges { node { name executions(first: 10, state: [SKIPPED, FAILED]) { edges { node { state reason at } } } } } } }`;

/** Reasons of skips by which a trigger does what it was told to. */
const AS_TOLD = /^(superseded|duplicate|cooldown|busy|missed|deleted):/;

/** Training whose lease ended and was not taken back, and triggers that did not do what they were made for. */
export async function checkWork(client: TailraceClient, now = Date.now()): Promise<Check[]> {
  const { nodes: jobs } = await listNodes<Job>(client, JOBS);
  const { nodes: triggers } = await listNodes<Trigger>(client, TRIGGERS);
  return [...jobChecks(jobs, now), ...triggerChecks(triggers, now)];
}

export function jobChecks(jobs: readonly Job[], now: number): Check[] {
  const stuck = jobs.flatMap((job) => {
    const late = job.leaseExpiresAt ? now - Date.parse(job.leaseExpiresAt) : 0;
    if (late < STUCK_MS) return [];
    const runner = job.attempts.find(({ number }) => number === job.attempt)?.runner ?? 'an unknown runner';
    const detail = `the lease of ${job.id}, attempt ${job.attempt} on ${clean(runner)}, ended ${durationText(late)} ago and was not taken back`;
    return [fail('training', detail, 'no training-runner looks for expired leases: start one, or restart the platform')];
  });
  return stuck.length > 0 ? stuck : [ok('training', `${jobs.length} running, no lease is stuck`)];
}

export function triggerChecks(triggers: readonly Trigger[], now: number): Check[] {
  const troubled = triggers.flatMap(({ name, executions }) =>
    executions.edges
      .map(({ node }) => node)
      .filter(
        ({ state, reason, at }) =>
          (state === 'FAILED' || (state === 'SKIPPED' && !AS_TOLD.test(reason ?? ''))) && now - Date.parse(at) < RECENT_MS,
      )
      .map(({ state, reason }) => ({
        state,
        text: `${clean(name)} was ${state.toLowerCase()}: ${clean(reason ?? 'no reason given')}`,
      })),
  );
  if (troubled.length === 0) return [ok('triggers', `${triggers.length}; none skipped or failed in the last day`)];
  const shown = troubled
    .slice(0, SHOWN)
    .map(({ state, text }) => (state === 'FAILED' ? fail('triggers', text) : warn('triggers', text)));
  return troubled.length > SHOWN ? [...shown, warn('triggers', `${troubled.length - SHOWN} more in the last day`)] : shown;
}
