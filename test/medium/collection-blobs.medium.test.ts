import { describe, expect, test, vi } from 'vitest';
import { UnitOfWork } from '#database';
import { digest, name } from './builders.js';
import { editor, fullRun, get, keep, stack, store, withStack } from './collection-kit.js';

withStack();

const ageBlobs = () => stack.owner.query("update blob set created_at = created_at - interval '2 days'");
const isThere = async (sha256: string) => (await store.stat(stack.workspaceId, sha256)) !== undefined;
const rowOf = async (sha256: string) =>
  (await stack.rows<{ marked: boolean }>('select collected_at is not null as marked from blob where sha256 = $1', [sha256]))[0];

describe('blobs', () => {
  /** All that is due now: marked, and removed without the time of grace. */
  const collect = async () => {
    await get.collector().mark();
    return get.collector().remove(0);
  };

  test('stay while they are young, while something refers to them, and for the time of grace', async () => {
    const [one, two] = [await fullRun('shared'), await fullRun('shared')];
    const young = await keep('young');
    const purge = async (id: string) => {
      await get.runs().setDeleted(editor, id, true);
      await get.trash().purgeRun(editor, id);
    };
    await purge(one.id);
    await ageBlobs();
    await stack.owner.query('update blob set created_at = now() where sha256 = $1', [young.sha256]);
    await collect();
    expect(await isThere(two.sha256)).toBe(true);
    await purge(two.id);
    await get.collector().mark();
    expect([await rowOf(two.sha256), await isThere(two.sha256)]).toEqual([{ marked: true }, true]);
    await get.collector().remove();
    expect(await isThere(two.sha256)).toBe(true);
    const removed = await get.collector().remove(0);
    expect(removed.get(stack.workspaceId)!.blobs).toBeGreaterThan(0);
    expect([await rowOf(two.sha256), await isThere(two.sha256)]).toEqual([undefined, false]);
    expect([await rowOf(young.sha256), await isThere(young.sha256)]).toEqual([{ marked: false }, true]);
  });

  test('every column that names a blob is a reference', async () => {
    const columns = await stack.rows<{ c: string }>(
      `select table_name || '.' || column_name as c from information_schema.columns where table_schema = 'public'
         and table_name in (select tablename from pg_tables where schemaname = 'public') and (column_name like '%blob' or column_name like '%sha256' or column_name = 'files')
       except select table_name || '.' || column_name from information_schema.view_column_usage where view_name = 'blob_reference'`,
    );
    // An upload says what was announced and what it became; nothing rests on that.
    expect(columns.map(({ c }) => c).sort()).toEqual(['blob.sha256', 'blob_sender.sha256', 'upload.blob', 'upload.sha256']);
    const unplaced = await stack.rows<{ c: string }>(
      `select table_name || '.' || column_name as c from information_schema.view_column_usage where view_name = 'blob_reference'
       except select table_name || '.' || column_name from information_schema.view_column_usage where view_name = 'blob_place'`,
    );
    // What a job trains on is the table of its data set version, which may be another project's.
    expect(unplaced).toEqual([{ c: 'training_job.table_blob' }]);
  });

  test('a marked blob cannot be referred to until it is put again, which takes the mark away', async () => {
    const { sha256, size } = await keep('again');
    await ageBlobs();
    await get.collector().mark();
    const refer = () => stack.app.get(UnitOfWork).run({}, (tx) => get.registry().reference(tx, stack.workspaceId, sha256));
    await expect(refer()).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await get.registry().touch(stack.workspaceId, sha256)).toBe(false);
    await keep('again');
    expect(await refer()).toEqual({ size });
    await collect();
    expect(await isThere(sha256)).toBe(true);
  });

  test('a writer that has just referred to it wins, before and after its end', async () => {
    const { sha256, size } = await keep('writer');
    await ageBlobs();
    const { id: experimentId } = await get.experiments().create(editor, { name: name('exp') });
    const run = await get.runs().create(editor, { experimentId, name: 'writer' });
    await stack.app.get(UnitOfWork).run({}, async (tx) => {
      await get.registry().reference(tx, stack.workspaceId, sha256);
      await collect();
      expect(await rowOf(sha256)).toEqual({ marked: false });
      await get.artifacts().addIn(tx, editor, run.id, { file: sha256 });
    });
    await collect();
    expect([await rowOf(sha256), await isThere(sha256), size]).toEqual([{ marked: false }, true, 6]);
  });

  test('content that is put again while it is being removed is written anew', async () => {
    const { sha256 } = await keep('race');
    await ageBlobs();
    await get.collector().mark();
    const remove = store.delete.bind(store);
    let again: Promise<unknown> | undefined;
    vi.spyOn(store, 'delete').mockImplementation(async (namespace, sha) => {
      if (sha === sha256) {
        again = keep('race');
        // Its claim has reached the database and waits there for the row that is held.
        await vi.waitFor(async () => {
          const waiting = await stack.rows(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          expect(waiting).toHaveLength(1);
        });
      }
      await remove(namespace, sha);
    });
    await get.collector().remove(0);
    await again;
    expect([await rowOf(sha256), await isThere(sha256)]).toEqual([{ marked: false }, true]);
  });

  test('puts and collections at the same time: what was put is there, in 60 rounds', async () => {
    const { sha256 } = await keep('often');
    for (let round = 0; round < 60; round++) {
      await stack.owner.query("update blob set created_at = now() - interval '2 days' where sha256 = $1", [sha256]);
      await Promise.all([collect(), keep('often'), collect(), keep('often')]);
      expect([await rowOf(sha256), await isThere(sha256)]).toEqual([{ marked: false }, true]);
    }
  });

  test('a crash between content and row is finished by the next turn', async () => {
    const { sha256 } = await keep('crash');
    await ageBlobs();
    await get.collector().mark();
    const remove = store.delete.bind(store);
    vi.spyOn(store, 'delete').mockImplementationOnce(async (namespace, sha) => {
      await remove(namespace, sha);
      throw new Error('the power is gone');
    });
    await expect(get.collector().remove(0)).rejects.toThrow('the power is gone');
    await get.collector().remove(0);
    expect([await rowOf(sha256), await isThere(sha256)]).toEqual([undefined, false]);
  });

  test('content without a row goes when it is old, and only then', async () => {
    const { sha256 } = await store.put(stack.workspaceId, Buffer.from('stray'));
    await get.collector().adopt();
    await collect();
    expect(await isThere(sha256)).toBe(true);
    await get.collector().adopt(-1);
    await collect();
    expect([await rowOf(sha256), await isThere(sha256)]).toEqual([undefined, false]);
    expect(digest('stray')).toBe(sha256);
  });
});
