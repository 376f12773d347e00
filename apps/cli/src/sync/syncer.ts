import { errorMessage } from '#kernel';
import type { TailraceClient } from '../client/tailrace-client.js';
import { Failure } from '../exit-codes.js';
import { numberOf, pairsOf, recordOf, type KeyValue, type Run } from '../mlflow/messages.js';
import { isRefusal, type MlflowReader } from '../mlflow/reader.js';
import { eachOf } from '../transfer/each-of.js';
import { inHalves } from '../transfer/halves.js';
import type { Tally } from '../transfer/tally.js';
import { findRuns } from './find-runs.js';
import type { LocalRun, RunEnd, RunHead } from './local-run.js';
import { RunFinder } from './run-finder.js';
import { sendArtifacts } from './send-artifacts.js';
import { sendLog, sendPoints, type Growing } from './send-lines.js';
import { SyncState } from './sync-state.js';

export const KINDS = ['runs', 'params', 'tags', 'points', 'lines', 'datasets', 'files'];
const JOBS = 4;

/** A folder with the run that it is on the platform. */
interface Paired {
  readonly local: LocalRun;
  readonly head: RunHead;
  readonly run: Run;
  readonly state: SyncState;
  readonly isNew: boolean;
}

/** Sends runs that were logged as files. Twice is once: only what is new is sent. */
export class Syncer {
  private readonly finder: RunFinder;
  private readonly states = new Map<string, SyncState>();

  constructor(
    private readonly client: TailraceClient,
    private readonly reader: MlflowReader,
  ) {
    this.finder = new RunFinder(reader);
  }

  /** Once over the folder. */
  async pass(dir: string, tally: Tally): Promise<void> {
    const heads = await this.heads(dir, tally);
    tally.total = heads.size;
    const paired = new Map<string, Paired>();
    for (const id of heads.keys())
      await this.guarded(tally, heads.get(id)!.local, async () => void (await this.pair(id, heads, paired, [])));
    await eachOf(paired.values(), JOBS, (one) => this.guarded(tally, one.local, () => this.send(one, tally)));
  }

  private async heads(dir: string, tally: Tally): Promise<Map<string, { local: LocalRun; head: RunHead }>> {
    const heads = new Map<string, { local: LocalRun; head: RunHead }>();
    for await (const local of findRuns(dir))
      await this.guarded(tally, local, async () => {
        const head = await local.head();
        const twin = heads.get(head.id);
        if (twin) throw new Failure(`${local.dir} has the id ${head.id} of ${twin.local.dir}; every run needs its own`);
        heads.set(head.id, { local, head });
      });
    return heads;
  }

  /** The parent comes first, when it is among the folders or on the platform; `heirs` ends a circle. */
  private async pair(
    id: string,
    heads: ReadonlyMap<string, { local: LocalRun; head: RunHead }>,
    paired: Map<string, Paired>,
    heirs: readonly string[],
  ): Promise<string | undefined> {
    const known = paired.get(id);
    const here = heads.get(id);
    if (known || !here || heirs.includes(id)) return known?.run.info.run_id;
    const { local, head } = here;
    const state = await this.state(local.dir, id);
    let run = state.run.runId ? await this.finder.known(state.run.runId) : undefined;
    if (!run) state.forget();
    run ??= await this.finder.find(head);
    const isNew = !run;
    if (!run) {
      const parent = head.parent ? await this.pair(head.parent, heads, paired, [...heirs, id]) : undefined;
      const elsewhere = head.parent && !parent ? (await this.finder.find({ ...head, id: head.parent }))?.info.run_id : undefined;
      run = await this.finder.make(head, parent ?? elsewhere);
    }
    state.run.runId = run.info.run_id;
    await state.save();
    paired.set(id, { local, head, run, state, isNew });
    return run.info.run_id;
  }

  private async send(paired: Paired, tally: Tally): Promise<void> {
    const { local, head, run, state, isNew } = paired;
    tally[isNew ? 'made' : 'present']('runs');
    if (run.info.lifecycle_stage === 'deleted') return;
    for (const { where, reason } of head.faults) tally.lost('lines', where, reason);
    const runId = run.info.run_id;
    const end = await local.end();
    const growing: Growing = {
      dir: local.dir,
      runId,
      closed: end !== undefined,
      state,
      tally,
    };
    await this.describe(head, run, local.dir, tally);
    for (const file of await local.points()) await sendPoints(this.reader.rest, file, growing);
    await this.datasets(head, run, local.dir, tally);
    await sendArtifacts(this.client, this.reader.rest, local.artifacts, growing);
    if (local.log) await sendLog(this.client, local.log, growing);
    if (end) await this.end(end, run);
    if (head.deleted) await this.reader.rest.call('POST', 'runs/delete', { body: { run_id: runId } });
  }

  private async describe(head: RunHead, { info, data }: Run, dir: string, tally: Tally): Promise<void> {
    const { rest } = this.reader;
    for (const kind of ['params', 'tags'] as const) {
      const have = recordOf(data?.[kind]);
      const missing = pairsOf(head[kind]).filter(({ key, value }) => have[key] !== value);
      const send = async (some: readonly KeyValue[]) => {
        await rest.call('POST', 'runs/log-batch', { body: { run_id: info.run_id, [kind]: some } });
        tally.made(kind, some.length);
      };
      await inHalves(missing, 100, send, ({ key }, error) => tally.lost(kind, `${dir} ${key}`, error));
    }
    if (head.name && head.name !== info.run_name)
      await rest.call('POST', 'runs/update', { body: { run_id: info.run_id, run_name: head.name } });
  }

  private async datasets(head: RunHead, { info, inputs }: Run, dir: string, tally: Tally): Promise<void> {
    const have = new Set((inputs?.dataset_inputs ?? []).map(({ dataset }) => `${dataset.name} ${dataset.digest}`));
    const missing = head.datasets.filter(({ dataset }) => !have.has(`${dataset.name} ${dataset.digest}`));
    const send = async (datasets: readonly object[]) => {
      await this.reader.rest.call('POST', 'runs/log-inputs', { body: { run_id: info.run_id, datasets } });
      tally.made('datasets', datasets.length);
    };
    await inHalves(missing, 50, send, ({ dataset }, error) => tally.lost('datasets', `${dir} ${dataset.name}`, error));
  }

  private async end({ status, endTime }: RunEnd, { info }: Run): Promise<void> {
    if (status === info.status && (endTime === undefined || endTime === numberOf(info.end_time))) return;
    await this.reader.rest.call('POST', 'runs/update', { body: { run_id: info.run_id, status, end_time: endTime } });
  }

  /** What is wrong with one folder does not stop the others. */
  private async guarded(tally: Tally, local: LocalRun, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isOwn = isRefusal(error) || (error instanceof Failure && error.exitCode === 1) || isFileError(error);
      if (!isOwn) throw error;
      tally.lost('runs', local.dir, errorMessage(error));
    }
  }

  private async state(dir: string, id: string): Promise<SyncState> {
    const known = this.states.get(`${dir} ${id}`) ?? (await SyncState.of(dir, this.reader.rest.url));
    this.states.set(`${dir} ${id}`, known);
    return known;
  }
}

function isFileError(error: unknown): boolean {
  return typeof (error as { syscall?: unknown }).syscall === 'string' && typeof (error as { path?: unknown }).path === 'string';
}
