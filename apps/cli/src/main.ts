import { Config, run, settings } from '@oclif/core';
import { fileURLToPath } from 'node:url';
import { commandsFile, manifest, packageRoot } from './manifest.js';
import { errorText } from './error-text.js';
import { exitCodeOf } from './exit-codes.js';
import { COMMANDS } from './commands/index.js';
import { routed } from './route.js';

/** Commands that stay: they end the process themselves. */
const STAYING = ['up'];

// A reader that has had enough (`… | head`) is no failure.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });

async function main(): Promise<void> {
  settings.enableAutoTranspile = false;
  const argv = routed(process.argv.slice(2), Object.keys(COMMANDS));
  const root = fileURLToPath(packageRoot());
  const pjson = manifest(fileURLToPath(commandsFile()));
  const config = await Config.load({ root, pjson, ignoreManifest: true, userPlugins: false, devPlugins: false });
  await run(argv, config);
  if (!STAYING.includes(argv[0]!)) await end(process.exitCode ?? 0);
}

/** Ends at once, when what was written has gone out: idle connections would keep the process for seconds. */
async function end(code: number | string): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => void stream.write('', () => resolve()));
  process.exit(Number(code));
}

await main().catch(async (error: unknown) => {
  const text = errorText(error);
  if (text) process.stderr.write(`error: ${text}\n`);
  await end(exitCode(error));
});

/** oclif ends `--help` and the like by an error of its own. */
function exitCode(error: unknown): number {
  const { oclif } = error as { oclif?: { exit?: number } };
  return (error as { code?: string }).code === 'EEXIT' ? (oclif?.exit ?? 0) : exitCodeOf(error);
}
