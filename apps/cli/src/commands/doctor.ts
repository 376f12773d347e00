import { environment, loadConfig, type Config } from '#config';
import { errorMessage } from '#kernel';
import { TailraceClient } from '../client/tailrace-client.js';
import { checkBackends } from '../doctor/backends.js';
import { fail, warn, type Check } from '../doctor/check.js';
import { checkHome, checkNode, checkPort } from '../doctor/machine.js';
import { checkQueues, checkReady } from '../doctor/platform.js';
import { checkPostgres } from '../doctor/postgres.js';
import { checkWork } from '../doctor/work.js';
import { EXIT, Failure } from '../exit-codes.js';
import type { Paint, Style } from '../output/style.js';
import { clean } from '../output/clean.js';
import { resolveSession, runningPlatform, type Session, type SessionFlags } from '../session.js';
import { ServerCommand } from './tailrace-command.js';

const STYLES: Readonly<Record<Check['level'], Style>> = { ok: 'green', warn: 'yellow', fail: 'red' };

export class Doctor extends ServerCommand {
  static override summary = 'Check this machine and the platform. Exit code 1 when something fails.';
  static override description = 'Works without a platform, too.';
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor --json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const printer = this.printer(flags);
    printer.progress('looking …');
    const checks = [...(await machineChecks()), ...(await platformChecks(flags))];
    printer.data(checks, () => checks.map((check) => lineOf(check, printer.paint)).join('\n'));
    const failed = checks.filter(({ level }) => level === 'fail').length;
    if (failed > 0) throw new Failure(`${failed} ${failed === 1 ? 'check' : 'checks'} failed`);
  }
}

async function machineChecks(): Promise<Check[]> {
  let config: Config;
  try {
    config = loadConfig(environment());
  } catch (error) {
    return [
      checkNode(process.version),
      fail('environment', errorMessage(error).replaceAll(/\n\s*/g, ' '), 'correct these variables'),
    ];
  }
  const own = runningPlatform(config.home)?.url;
  const machine = [
    checkNode(process.version),
    ...(await checkHome(config.home)),
    await checkPort(config, own),
    await checkPostgres(config),
  ];
  return [...machine, ...(await checkBackends(config.training.backend))];
}

/** Without a server that is known, that is all right: this machine may be looked at before the first start. */
async function platformChecks(flags: SessionFlags): Promise<Check[]> {
  let session: Session;
  try {
    session = resolveSession(flags, environment());
  } catch (error) {
    const unknown = error instanceof Failure && error.exitCode === EXIT.unreachable;
    return [
      unknown
        ? warn('platform', 'none runs here, and no other is known', 'npx tailrace up')
        : fail('platform', errorMessage(error)),
    ];
  }
  const ready = await checkReady(session.url);
  if (ready.level === 'fail') return [ready];
  const client = new TailraceClient(session.url, session.token);
  const work = await checkWork(client).catch((error: unknown) => [fail('platform', errorMessage(error), 'tailrace login')]);
  return [ready, ...(await checkQueues(session.url)), ...work];
}

function lineOf({ level, what, detail, mend }: Check, paint: Paint): string {
  return `${paint(STYLES[level], level.padEnd(4))}  ${what.padEnd(12)}  ${clean(detail)}${mend ? `  (${mend})` : ''}`;
}
