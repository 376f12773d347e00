import { startServer, type DemoServer } from './server.js';
import { Stage } from './stage.js';

export interface DemoFlags {
  readonly url?: string;
  readonly token?: string;
  readonly home?: string;
}

/** Plays on the platform that the flags name, or on one of its own that is ended afterwards; prints the table of what was played. */
export async function onStage(
  flags: DemoFlags,
  home: string,
  play: (stage: Stage, server: DemoServer) => Promise<void>,
): Promise<void> {
  const stage = new Stage();
  let server: DemoServer | undefined;
  const interrupt = () => void server?.stop().then(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await stage.step('Start the platform', async () => {
      server = flags.url
        ? { url: flags.url, token: flags.token ?? '', stop: async () => {} }
        : await startServer(flags.home ?? home);
      return `ready at ${server.url}`;
    });
    await play(stage, server!);
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
    await server?.stop();
  }
}
