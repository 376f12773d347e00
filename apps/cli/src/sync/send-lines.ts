import { join } from 'node:path';
import type { TailraceClient } from '../client/tailrace-client.js';
import type { Metric } from '../mlflow/messages.js';
import type { RestClient } from '../mlflow/rest-client.js';
import { inHalves } from '../transfer/halves.js';
import type { Tally } from '../transfer/tally.js';
import { ownId } from '../export/run-files.js';
import { linesAfter, START, type Line, type Mark } from './lines.js';
import type { PointFile } from './local-run.js';
import type { SyncState } from './sync-state.js';

const BATCH = 1000;
const MAX_BATCH_CHARACTERS = 400_000;
const LOG = 'mutation ($input: LogLinesInput!) { logRunLines(input: $input) { userErrors { code message field } } }';

/** What the sending of growing files needs to know of their run. */
export interface Growing {
  readonly dir: string;
  readonly runId: string;
  readonly closed: boolean;
  readonly state: SyncState;
  readonly tally: Tally;
}

/** Sends the points of a file that are new, and remembers how far it came after every batch. */
export async function sendPoints(rest: RestClient, file: PointFile, run: Growing): Promise<void> {
  const { state, tally, dir, runId } = run;
  const refuse = (line: number, reason: string) => void state.run.bad.push({ path: file.path, line, reason });
  await inBatches(join(dir, file.path), run, file.path, async (lines) => {
    const points = lines.flatMap(({ text, n }) => parsed(file, text, n, refuse));
    const send = async (some: readonly Numbered[]) => {
      await rest.call('POST', 'runs/log-batch', { body: { run_id: runId, metrics: some.map(({ point }) => point) } });
      tally.made('points', some.length);
    };
    await inHalves(points, BATCH, send, ({ n }, error) => refuse(n + 1, error.message));
  });
  for (const { path, line, reason } of state.run.bad)
    if (path === file.path) tally.lost('points', `${join(dir, path)} line ${line}`, reason);
}

/** Sends lines that the run printed; the platform knows them by their number. */
export async function sendLog(client: TailraceClient, path: string, run: Growing): Promise<void> {
  await inBatches(path, run, 'log.txt', async (lines) => {
    await client.mutate(LOG, { runId: ownId(run.runId), lines: lines.map(({ n, text }) => ({ n, text })) });
    run.tally.made('lines', lines.length);
  });
}

interface Numbered {
  readonly point: Metric;
  readonly n: number;
}

function parsed(file: PointFile, text: string, n: number, refuse: (line: number, reason: string) => void): Numbered[] {
  if (text.trim() === '') return [];
  try {
    return [{ point: file.parse(text), n }];
  } catch (error) {
    refuse(n + 1, (error as Error).message);
    return [];
  }
}

async function inBatches(
  path: string,
  run: Growing,
  name: string,
  send: (lines: readonly Line[]) => Promise<void>,
): Promise<void> {
  let batch: Line[] = [];
  let size = 0;
  const { marks } = run.state.run;
  const flush = async () => {
    if (batch.length === 0) return;
    await send(batch);
    marks[name] = batch.at(-1)!.next;
    await run.state.save();
    [batch, size] = [[], 0];
  };
  for await (const line of linesAfter(path, (marks[name] as Mark | undefined) ?? START, run.closed)) {
    batch.push(line);
    size += line.text.length;
    if (batch.length >= BATCH || size >= MAX_BATCH_CHARACTERS) await flush();
  }
  await flush();
}
