import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select, UnitOfWork } from '#database';
import { BLOB_STORE, type BlobEntry, type BlobStore } from './blob-store.js';

export interface CollectedBlobs {
  readonly blobs: number;
  readonly bytes: number;
}

/** Blobs are looked at in batches of so many; a transaction is never larger. */
const BATCH = 200;
/** A blob that was put since has time to be referred to. */
const YOUNG_HOURS = 24;
/** Between the mark and the end of the content: a backup that began before the mark still finds what it has to copy. */
const GRACE_HOURS = 24;

interface Key {
  readonly workspaceId: string;
  readonly sha256: string;
}

/**
 * Removes blobs that nothing refers to, in three steps of which each may be the last before a crash.
 *
 * 1. `mark`: a row that is old and without reference gets `collected_at`. It is locked `for update skip locked`, and only then, with the eyes of a new
 *    statement, are references looked for. Who refers to a blob locks its row `for key share` first, to the end of the transaction: either that lock came
 *    first, and the row is skipped, or its transaction has ended, and the reference is seen, or it comes later, and waits, and finds the mark: it is told
 *    that there is no such blob.
 * 2. `remove`: the content of a row that has been marked long enough, and then the row, under a lock of the row. A crash between leaves the marked row,
 *    and the next turn does it again.
 * 3. `adopt`: content without a row (a put that crashed, a claim that was lost) that is old enough gets a marked row, and goes the same way.
 *
 * Content that is put again meanwhile is not lost, since every put claims the row BEFORE it looks whether the store has the content, and content goes
 * only under the lock of a row that is marked:
 * - the claim comes before `remove` has locked the row: the mark is gone, `remove` finds nothing to do, the content stays;
 * - the claim comes while `remove` holds the row: it waits until content and row are gone, makes a new row, and only then does the put look for the
 *   content, find none, and write what it has.
 * The claim makes the row young as well, so that no step touches it before something can refer to it.
 */
@Injectable()
export class BlobCollector {
  constructor(
    private readonly dataSource: DataSource,
    private readonly unitOfWork: UnitOfWork,
    @Inject(BLOB_STORE) private readonly store: BlobStore,
  ) {}

  /** Marks every blob that is due; answers how many. */
  async mark(youngHours = YOUNG_HOURS): Promise<number> {
    let marked = 0;
    let [after, sha]: [string, string] = ['', ''];
    for (;;) {
      const due = await select<Key>(
        this.dataSource,
        `select b.workspace_id as "workspaceId", b.sha256 from blob b
          where (b.workspace_id, b.sha256) > ($1, $2) and b.collected_at is null and b.created_at < now() - make_interval(hours => $3)
            and not exists (select 1 from blob_reference r where r.workspace_id = b.workspace_id and r.sha256 = b.sha256)
          order by b.workspace_id, b.sha256 limit ${BATCH}`,
        [after, sha, youngHours],
      );
      if (due.length === 0) return marked;
      [after, sha] = [due.at(-1)!.workspaceId, due.at(-1)!.sha256];
      marked += await this.markBatch(due, youngHours);
    }
  }

  /** Removes what has been marked long enough; answers what went, by workspace. */
  async remove(graceHours = GRACE_HOURS): Promise<Map<string, CollectedBlobs>> {
    const gone = new Map<string, CollectedBlobs>();
    for (let [after, sha] = ['', '']; ;) {
      const due = await select<Key>(
        this.dataSource,
        `select workspace_id as "workspaceId", sha256 from blob where (workspace_id, sha256) > ($1, $2)
          and collected_at <= now() - make_interval(hours => $3) order by workspace_id, sha256 limit ${BATCH}`,
        [after, sha, graceHours],
      );
      if (due.length === 0) return gone;
      [after, sha] = [due.at(-1)!.workspaceId, due.at(-1)!.sha256];
      for (const key of due) {
        const bytes = await this.removeOne(key, graceHours);
        if (bytes === undefined) continue;
        const before = gone.get(key.workspaceId) ?? { blobs: 0, bytes: 0 };
        gone.set(key.workspaceId, { blobs: before.blobs + 1, bytes: before.bytes + bytes });
      }
    }
  }

  /** Gives content that no row names, and that is old enough, a marked row; answers how many. */
  async adopt(youngHours = YOUNG_HOURS): Promise<number> {
    let adopted = 0;
    let batch: BlobEntry[] = [];
    const bound = Date.now() - youngHours * 3_600_000;
    for await (const entry of this.store.list()) {
      if (entry.writtenAt.getTime() <= bound) batch.push(entry);
      if (batch.length < BATCH) continue;
      adopted += await this.adoptBatch(batch);
      batch = [];
    }
    return adopted + (await this.adoptBatch(batch));
  }

  private markBatch(due: readonly Key[], youngHours: number): Promise<number> {
    const keys = [due.map((key) => key.workspaceId), due.map((key) => key.sha256)];
    return this.unitOfWork.run({}, async (tx) => {
      const locked = await tx.query<Key>(
        `select b.workspace_id as "workspaceId", b.sha256 from blob b join unnest($1::text[], $2::text[]) as k(w, s)
           on b.workspace_id = k.w and b.sha256 = k.s
          where b.collected_at is null and b.created_at < now() - make_interval(hours => $3) for update of b skip locked`,
        [...keys, youngHours],
      );
      const rows = await tx.query(
        `update blob b set collected_at = clock_timestamp() from unnest($1::text[], $2::text[]) as k(w, s)
          where b.workspace_id = k.w and b.sha256 = k.s
            and not exists (select 1 from blob_reference r where r.workspace_id = k.w and r.sha256 = k.s) returning 1`,
        [locked.map((key) => key.workspaceId), locked.map((key) => key.sha256)],
      );
      return rows.length;
    });
  }

  /** Answers the size of what went, or undefined when it is no longer due. */
  private removeOne({ workspaceId, sha256 }: Key, graceHours: number): Promise<number | undefined> {
    return this.unitOfWork.run({}, async (tx) => {
      const [row] = await tx.query<{ size: string }>(
        `select size from blob where workspace_id = $1 and sha256 = $2 and collected_at <= now() - make_interval(hours => $3)
          for update skip locked`,
        [workspaceId, sha256, graceHours],
      );
      if (!row) return undefined;
      await this.store.delete(workspaceId, sha256);
      await tx.query('delete from blob where workspace_id = $1 and sha256 = $2', [workspaceId, sha256]);
      return Number(row.size);
    });
  }

  private async adoptBatch(batch: readonly BlobEntry[]): Promise<number> {
    if (batch.length === 0) return 0;
    const rows = await select(
      this.dataSource,
      `insert into blob (workspace_id, sha256, size, collected_at) select w, s, n, clock_timestamp() from unnest($1::text[], $2::text[], $3::bigint[]) as k(w, s, n)
       on conflict do nothing returning 1`,
      [batch.map((entry) => entry.namespace), batch.map((entry) => entry.sha256), batch.map((entry) => entry.size)],
    );
    return rows.length;
  }
}
