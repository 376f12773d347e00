import { EVENT_NAMES, eventType, ROUTES } from '#contracts';
import { until } from './until.js';
import { withDatabase } from './superuser.js';
import { chainOffences } from './chain-invariant.js';

interface Invariant {
  readonly says: string;
  /** Rows that offend. */
  readonly sql: string;
  readonly params?: readonly unknown[];
}

const PAIRS = EVENT_NAMES.flatMap((name) => ROUTES[name].map((subscriber) => ({ type: eventType(name), subscriber })));
/** Says nothing in the audit log: points are data, not changes of state. */
const UNAUDITED = eventType('run.metrics_logged');
/** Events that happen at most once to their subject, however often anything is delivered. */
const ONCE = [
  'dataset_version.created',
  'dataset_version.validated',
  'dataset_version.validation_failed',
  'dataset_version.retracted',
  'run.started',
  'run.finished',
  'run.failed',
  'run.killed',
  'run.reproduced',
  'training_job.queued',
  'training_job.succeeded',
  'training_job.failed',
  'training_job.canceled',
  'model.created',
  'model_version.created',
  'model_version.stage_requested',
  'deployment.created',
  'trigger.created',
  'trigger.fired',
  'trigger.completed',
  'trigger.failed',
] as const;

const INVARIANTS: readonly Invariant[] = [
  {
    says: 'a running job holds a live lease',
    sql: `select id, lease_expires_at from training_job where state = 'RUNNING' and coalesce(lease_expires_at, '-infinity') < clock_timestamp() - interval '3 seconds'`,
  },
  {
    says: 'a job that ended has ended its run and its attempts',
    sql: `select j.id, j.state, r.status from training_job j join run r on r.id = j.run_id
      where (j.state in ('SUCCEEDED', 'FAILED', 'CANCELED')) <> (r.status <> 'RUNNING')
        or exists (select 1 from training_attempt a where a.job_id = j.id and a.state = 'RUNNING' and (a.number <> j.attempt or j.state <> 'RUNNING'))`,
  },
  {
    says: 'attempts of a job are numbered without gap',
    sql: 'select j.id, j.attempt from training_job j where j.attempt <> (select count(*) from training_attempt a where a.job_id = j.id)',
  },
  {
    says: 'at most one version per model and slot, and one in production',
    sql: `select model_id, coalesce(slot, stage) as place from model_version where slot is not null or stage = 'production' group by 1, 2 having count(*) > 1`,
  },
  { says: 'one version per model and run', sql: 'select model_id, run_id from model_version group by 1, 2 having count(*) > 1' },
  {
    says: 'every logged event has its audit row, and the other way round',
    sql: `select coalesce(e.type, a.action) as type, coalesce(e.subject, a.subject_id) as subject, e.id as event, a.id as audit
      from (select * from event_log where type <> $1) e full join (select * from audit_log where event_id is not null) a on a.event_id = e.id
      where (e.id is null or (a.id is null and not exists (select 1 from audit_log where event_id is null and correlation_id = e.correlation_id))
          or e.type <> 'io.tailrace.' || case a.outcome when 'refused' then 'access.refused' else a.action end || '.v1'
          or e.subject <> a.subject_kind || '/' || a.subject_id or e.correlation_id <> a.correlation_id or e.workspace_id <> a.workspace_id)
        and (select pruned_through from relay_state where id = 1) = 0 and not exists (select 1 from audit_checkpoint)`,
    params: [UNAUDITED],
  },
  { says: 'every event has its number', sql: 'select id, type from event_log where sequence is null' },
  {
    says: 'every event has been dispatched and read by the consumers of the log',
    sql: `select consumer, position from (select 'dispatch' as consumer, dispatched_through as position from relay_state where id = 1
      union all select consumer, position from log_cursor) c where position < (select coalesce(max(sequence), 0) from event_log)`,
  },
  {
    says: 'every routed pair (event, subscriber) has its inbox row',
    sql: `select e.id, e.type, p.subscriber from event_log e join unnest($1::text[], $2::text[]) as p(type, subscriber) on p.type = e.type
      left join inbox i on i.event_id = e.id and i.subscriber = p.subscriber where i.event_id is null`,
    params: [PAIRS.map((pair) => pair.type), PAIRS.map((pair) => pair.subscriber)],
  },
  { says: 'no delivery is dead', sql: `select subscriber, event_id, reason from inbox where state = 'dead'` },
  {
    says: 'what happens once to a subject is said once',
    sql: 'select type, subject, count(*) from event_log where type = any($1) group by 1, 2 having count(*) > 1',
    params: [ONCE.map(eventType)],
  },
  {
    says: 'a training attempt has one point per run, key and step',
    sql: 'select run, key, step, attempt from metric_point where attempt > 0 group by 1, 2, 3, 4 having count(*) > 1',
  },
  {
    says: 'a trigger execution started at most one training',
    sql: `select x.id from trigger_execution x where x.state = 'FIRED'
      union all select e.causation_id from event_log e where e.type = $1 and e.causation_id is not null group by 1 having count(*) > 1`,
    params: [eventType('training_job.queued')],
  },
  {
    says: 'every file that is named is held',
    sql: `select a.path, a.blob from artifact a left join blob b on b.workspace_id = a.workspace_id and b.sha256 = a.blob where b.sha256 is null`,
  },
];

/** What must hold after every fault, once the platform is quiet again. Waits up to `ms` for quiet; throws naming what does not hold, with the first rows. */
export async function checkInvariants(databaseUrl: string, ms = 20_000): Promise<void> {
  let offences: string[] = [];
  const quiet = async () => {
    offences = await offencesOf(databaseUrl);
    return offences.length === 0;
  };
  await until('the invariants hold', quiet, ms, 100).catch((error: unknown) => {
    throw new Error(`invariants broken:\n${offences.join('\n')}`, { cause: error });
  });
}

function offencesOf(databaseUrl: string): Promise<string[]> {
  return withDatabase(databaseUrl, async (client) => {
    const found: string[] = [];
    for (const { says, sql, params } of INVARIANTS) {
      const { rows } = await client.query(sql, params ? [...params] : undefined);
      if (rows.length) found.push(`${says}: ${rows.length} offend, such as ${JSON.stringify(rows.slice(0, 3))}`);
    }
    return [...found, ...(await chainOffences(client))];
  });
}
