import { Args } from '@oclif/core';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, exitCodeOf, Failure } from '../../exit-codes.js';
import { clean } from '../../output/clean.js';
import { durationText, numberText } from '../../output/units.js';
import type { Printer } from '../../output/printer.js';
import { ServerCommand } from '../tailrace-command.js';
import { durationOf, RUN, type Point, type RunRow } from './queries.js';

const READ = `query ($id: ID!) { run(id: $id) { ${RUN} } }`;
/** Seconds, and tries, that a lost server is waited for. */
const TRIES = 60;
const FOLLOW = 'subscription ($id: ID!) { runMetrics(runId: $id) { key step value timestamp attempt } }';

export class RunWatch extends ServerCommand {
  static override summary = 'Follow a run live until it ends. Exit code 6 when it failed or was killed.';
  static override description = 'With --json each point is a line, and the last line is {"run": …}.';
  static override examples = ['<%= config.bin %> run watch run_0197c2…'];
  static override args = { id: Args.string({ description: 'Id of the run.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunWatch);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    let run = await runOf(client, args.id);
    const follow = follower(client, args.id, printer);
    do {
      await follow();
      run = await patiently(() => runOf(client, args.id), printer);
      // It still runs when a server that stopped ended what was followed.
    } while (run.status === 'RUNNING');
    printer.item({ run }, () => `${clean(run.name)}  ${run.status}  after ${durationText(durationOf(run))}`);
    if (run.status !== 'FINISHED') throw new Failure(`run ${run.id} ended as ${run.status}`, EXIT.runFailed);
  }
}

async function runOf(client: TailraceClient, id: string): Promise<RunRow> {
  const { run } = await client.query<{ run: RunRow | null }>(READ, { id });
  if (run) return run;
  throw new Failure(`there is no run ${id}; \`tailrace run list\` shows ids`, EXIT.notFound);
}

/** Each call follows from the beginning, as does a connection that is opened again: points that were shown are left out. */
function follower(client: TailraceClient, id: string, printer: Printer): () => Promise<void> {
  const shown = new Set<string>();
  return async () => {
    for await (const points of client.subscribe<Point[]>(FOLLOW, { id })) {
      const fresh = points.filter(({ key, step, attempt }) => !shown.has(`${attempt} ${step} ${key}`));
      for (const { key, step, attempt } of fresh) shown.add(`${attempt} ${step} ${key}`);
      show(fresh, printer);
    }
  };
}

function show(points: readonly Point[], printer: Printer): void {
  if (printer.json) for (const point of points) printer.item(point, () => '');
  else for (const [step, group] of Map.groupBy(points, (point) => point.step)) printer.item(group, () => stepText(step, group));
}

/** Waits for a server that starts anew. */
async function patiently<T>(ask: () => Promise<T>, printer: Printer): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (exitCodeOf(error) !== EXIT.unreachable || left === 0) throw error;
      if (left === TRIES) printer.say('connection lost; waiting for the server');
      await delay(1000);
    }
  }
}

function stepText(step: number, points: readonly Point[]): string {
  return `step ${step}  ${points.map(({ key, value }) => `${clean(key)} ${value === null ? 'NaN' : numberText(value)}`).join('  ')}`;
}
