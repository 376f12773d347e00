import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select, type Tx } from '#database';

export type TrashKind = 'run' | 'logged_model' | 'experiment';

export interface TrashKey {
  readonly id: string;
  readonly workspaceId: string;
}

/** What lies in the trash, locked, with what its experiment says of rights. */
export interface TrashFacts extends TrashKey {
  readonly num: number | null;
  readonly experimentId: string;
  readonly project: string;
  readonly name: string;
  readonly deleted: boolean;
  readonly due: boolean;
}

/** Items of one look at what is due. */
const PAGE = 200;
/** Points that one transaction removes. */
const POINTS = 50_000;

/** `$1` days; with 0 only what was put there to be purged at once, see `hurry`. What lies in a deleted experiment lies in the trash with it. */
const BOUND = `case when $1::int > 0 then now() - make_interval(days => $1) else '1970-01-02' end`;
const OF = {
  run: 'run i join experiment e on e.id = i.experiment_id',
  logged_model: 'logged_model i join experiment e on e.id = i.experiment_id',
  experiment: 'experiment i',
} as const;
/** The experiment that says: its own, or itself. */
const above = (kind: TrashKind) => (kind === 'experiment' ? 'i' : 'e');
const isDue = (kind: TrashKind) => `(i.deleted_at < ${BOUND} or ${above(kind)}.deleted_at < ${BOUND})`;
const IS_HELD = 'exists (select 1 from tracking_reference t where t.id = i.id)';
const IS_EMPTY = `i.number <> 0 and not exists (select 1 from run r where r.experiment_id = i.id)
  and not exists (select 1 from logged_model m where m.experiment_id = i.id)`;

const due = (kind: TrashKind) =>
  `select i.id, i.workspace_id as "workspaceId" from ${OF[kind]} where ${isDue(kind)} and i.id > $2 and ($3::text is null or ${above(kind)}.id = $3)
    and ${kind === 'experiment' ? IS_EMPTY : `not ${IS_HELD}`} order by i.id limit ${PAGE}`;
const facts = (kind: TrashKind) =>
  `select i.id, i.workspace_id as "workspaceId", ${kind === 'logged_model' ? 'null::int' : 'i.num'} as num, ${above(kind)}.id as "experimentId",
     ${above(kind)}.project, i.name, i.deleted_at is not null or ${above(kind)}.deleted_at is not null as deleted, coalesce(${isDue(kind)}, false) as due
   from ${OF[kind]} where i.id = $2 and i.workspace_id = $3`;
/** The item against everybody, its experiment against being restored: what is locked is seen as it is now, what is not, as it was. */
const locks = (kind: TrashKind, how: string) =>
  kind === 'experiment' ? `for update of i ${how}` : `for update of i ${how} for share of e ${how}`;
const each = <T>(make: (kind: TrashKind) => T) => ({
  run: make('run'),
  logged_model: make('logged_model'),
  experiment: make('experiment'),
});
const DUE = each(due);
const LOCK = each((kind) => `${facts(kind)} ${locks(kind, '')}`);
const LOCK_FREE = each((kind) => `${facts(kind)} ${locks(kind, 'skip locked')}`);

/** What was deleted and waits for its end. */
@Injectable()
export class TrashStore {
  constructor(private readonly dataSource: DataSource) {}

  /** What is due and nothing stands on, by id, after the id given. */
  due(kind: TrashKind, days: number, after: string, experimentId: string | null = null): Promise<TrashKey[]> {
    return select<TrashKey>(this.dataSource, DUE[kind], [days, after, experimentId]);
  }

  /** How many runs and logged models are due and stay, because something stands on them. */
  async held(days: number): Promise<Map<string, number>> {
    const rows = await select<{ workspaceId: string; n: number }>(
      this.dataSource,
      `select "workspaceId", count(*)::int as n from (
         select i.workspace_id as "workspaceId" from ${OF.run} where ${isDue('run')} and ${IS_HELD}
         union all select i.workspace_id from ${OF.logged_model} where ${isDue('logged_model')} and ${IS_HELD}) x group by 1`,
      [days],
    );
    return new Map(rows.map((row) => [row.workspaceId, row.n]));
  }

  /** Locked to the end of the transaction; with `free`, only when nobody else has it. */
  async lock(
    tx: Tx,
    kind: TrashKind,
    { id, workspaceId }: TrashKey,
    days: number,
    free: boolean,
  ): Promise<TrashFacts | undefined> {
    return (await tx.query<TrashFacts>((free ? LOCK_FREE : LOCK)[kind], [days, id, workspaceId]))[0];
  }

  /** Asked with the item locked, in a statement of its own, so that what was committed before the lock is seen. */
  async isHeld(tx: Tx, id: string): Promise<boolean> {
    return (await tx.query('select 1 from tracking_reference where id = $1 limit 1', [id])).length > 0;
  }

  /** Runs and logged models of an experiment: how many there are, and how many of them something stands on. */
  async contents(tx: Tx, experimentId: string): Promise<{ items: number; held: number }> {
    const [row] = await tx.query<{ items: number; held: number }>(
      `select count(*)::int as items, count(*) filter (where ${IS_HELD})::int as held
         from (select id from run where experiment_id = $1 union all select id from logged_model where experiment_id = $1) i`,
      [experimentId],
    );
    return row!;
  }

  /** Puts what is in the trash at the head of the queue: it is due, whatever the time that is kept. */
  async hurry(tx: Tx, experimentId: string): Promise<void> {
    await tx.query(`update experiment set deleted_at = '1970-01-01' where id = $1`, [experimentId]);
    await tx.query(`update run set deleted_at = '1970-01-01' where experiment_id = $1`, [experimentId]);
  }

  /** All of a run but its points, which are noted down to go. */
  async removeRun(tx: Tx, id: string, num: number): Promise<void> {
    await tx.query('insert into purged_run (run) values ($1)', [num]);
    await tx.query('delete from metric_latest where run = $1', [num]);
    await tx.query('delete from artifact where owner_id = $1', [id]);
    // A tree never hides a run below one that is not there.
    await tx.query('update run set parent_id = null where parent_id = $1', [id]);
    await tx.query('delete from run where id = $1', [id]);
  }

  async removeLoggedModel(tx: Tx, id: string): Promise<void> {
    await tx.query('delete from artifact where owner_id = $1', [id]);
    await tx.query('update run set revision = revision + 1 where num in (select run from run_model where model_id = $1)', [id]);
    await tx.query('delete from logged_model where id = $1', [id]);
  }

  async removeExperiment(tx: Tx, id: string): Promise<void> {
    await tx.query('delete from logged_dataset where experiment_id = $1', [id]);
    await tx.query('delete from experiment where id = $1', [id]);
  }

  /** One piece of the points of runs that are gone; false when there are none left. What another process has in hand is left to it. */
  async removePoints(tx: Tx): Promise<boolean> {
    const [next] = await tx.query<{ run: number }>('select run from purged_run order by run limit 1 for update skip locked');
    if (!next) return false;
    const gone = await tx.query<{ n: number }>(
      `with piece as (select tableoid as t, ctid as c from metric_point where run = $1 limit ${POINTS}),
         gone as (delete from metric_point p using piece where p.run = $1 and p.tableoid = piece.t and p.ctid = piece.c returning 1)
       select count(*)::int as n from gone`,
      [next.run],
    );
    if (gone[0]!.n === POINTS) return true;
    await tx.query('delete from logged_model_metric where run = $1', [next.run]);
    await tx.query('delete from purged_run where run = $1', [next.run]);
    return true;
  }

  async trashed(workspaceId: string): Promise<{ runs: number; experiments: number }> {
    const [row] = await select<{ runs: number; experiments: number }>(
      this.dataSource,
      `select (select count(*)::int from run where workspace_id = $1 and deleted_at is not null) as runs,
         (select count(*)::int from experiment where workspace_id = $1 and deleted_at is not null) as experiments`,
      [workspaceId],
    );
    return row!;
  }
}
