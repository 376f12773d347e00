import { parseArgs } from 'node:util';
import { environment, loadConfig } from '#config';
import { errorMessage } from '#kernel';
import { startPlatform, type Platform } from './platform.js';

/** How long an orderly end may take. */
const STOP_MS = 20_000;

/**
 * `tailrace up [--home DIR] [--port P] [--json]`: starts the platform and keeps it. With --json exactly one line goes to stdout, as soon as it
 * is ready: {"url","token","pid"}. Words go to stderr.
 */
export async function up(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { home: { type: 'string' }, port: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const say = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const config = loadConfig(overridden(values));
    const platform = await startPlatform(config, say, (what) => {
      say(`${what}; stopping`);
      process.exit(1);
    });
    endInOrder(platform, say);
    if (values.json) process.stdout.write(`${JSON.stringify({ url: platform.url, token: platform.token, pid: process.pid })}\n`);
    else greet(platform, config.home, say);
  } catch (error) {
    say(`could not start: ${errorMessage(error)}`);
    process.exit(1);
  }
}

function overridden(values: { home?: string; port?: string }): NodeJS.ProcessEnv {
  return {
    ...environment(),
    ...(values.home ? { TAILRACE_HOME: values.home } : {}),
    ...(values.port ? { TAILRACE_PORT: values.port } : {}),
  };
}

function endInOrder(platform: Platform, say: (line: string) => void): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(130);
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    say('stopping …');
    platform.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        say(`stopping failed: ${errorMessage(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function greet(platform: Platform, home: string, say: (line: string) => void): void {
  say(`Tailrace is ready at ${platform.url}  (${platform.databaseNote}; state in ${home})`);
  if (platform.firstStart) say(`\nYour sign-in token, shown this once (the CLI has it already):\n\n  ${platform.token}\n`);
  say(
    'Next:\n  npx tailrace dataset upload penguins apps/cli/data/penguins.csv\n  npx tailrace doctor\n  npx tailrace events tail\n',
  );
}
