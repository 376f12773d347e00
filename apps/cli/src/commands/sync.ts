import { Args, Flags } from '@oclif/core';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, exitCodeOf, Failure } from '../exit-codes.js';
import { MlflowReader } from '../mlflow/reader.js';
import { RestClient } from '../mlflow/rest-client.js';
import type { Printer } from '../output/printer.js';
import { KINDS, Syncer } from '../sync/syncer.js';
import { leftOutText, Tally } from '../transfer/tally.js';
import { ServerCommand } from './tailrace-command.js';

const WATCH_MS = 2000;

export class Sync extends ServerCommand {
  static override summary = 'Send runs that were logged as files: offline runs, an export, or an mlruns folder.';
  static override description =
    'Only what is new is sent, so that it can be run again and again. The format of the files is in docs/cli.md. Exit code 1 when something was left out.';
  static override examples = [
    '<%= config.bin %> sync runs',
    '<%= config.bin %> sync runs --watch',
    '<%= config.bin %> sync mlruns',
  ];
  static override args = { dir: Args.string({ description: 'Folder with runs, at any depth.', required: true }) };
  static override flags = {
    watch: Flags.boolean({ description: 'Go on while files grow, until Ctrl-C.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Sync);
    const found = await stat(args.dir).catch(() => undefined);
    if (!found?.isDirectory())
      throw new Failure(`${args.dir} is ${found ? 'no folder' : 'not there'}; give a folder with runs`, EXIT.notFound);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const reader = new MlflowReader(
      new RestClient({ url: client.url, authorization: `Bearer ${client.token}`, name: 'the platform' }),
    );
    await reader.probe();
    const syncer = new Syncer(client, reader);
    if (flags.watch) return watch(syncer, args.dir, printer);
    const tally = new Tally(printer, KINDS);
    await syncer.pass(args.dir, tally);
    printer.data({ dir: args.dir, platform: client.url, ...tally.toJSON() }, () => tally.text());
    if (tally.total === 0 && tally.missing === 0)
      printer.say(`there are no runs in ${args.dir}: none of its folders has a run.json`);
    if (tally.missing > 0) throw new Failure(leftOutText(tally.missing));
  }
}

/** Again and again, until the process is ended; what was sent, and what is newly left out, is said. */
async function watch(syncer: Syncer, dir: string, printer: Printer): Promise<void> {
  let said = '';
  for (;;) {
    const tally = new Tally(printer, KINDS);
    try {
      await syncer.pass(dir, tally);
      const lost = JSON.stringify(tally.leftOut);
      const sent = Object.values(tally.counts).some(({ made }) => made > 0);
      if (sent || lost !== said) printer.item({ dir, ...tally.toJSON() }, () => line(tally));
      said = lost;
    } catch (error) {
      if (exitCodeOf(error) !== EXIT.unreachable) throw error;
      printer.say('the platform cannot be reached; trying again');
    }
    await delay(WATCH_MS);
  }
}

function line({ counts, leftOut }: Tally): string {
  const sent = Object.entries(counts)
    .filter(([, { made }]) => made > 0)
    .map(([kind, { made }]) => `${made} ${kind}`);
  return [
    `sent ${sent.join(', ') || 'nothing'}`,
    ...leftOut.map(({ kind, id, reason }) => `  left out: ${kind} ${id}: ${reason}`),
  ].join('\n');
}
