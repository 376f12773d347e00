import { TailraceClient } from '../../client/tailrace-client.js';
import { LOG } from '../documents.js';
import { startServer, type DemoServer } from '../server.js';
import { Stage } from '../stage.js';
import type { DemoFlags } from '../demo.js';
import { makeCast } from './cast.js';
import { Questions } from './questions.js';
import { Story } from './story.js';

/** The story of one model over a quarter, and what an auditor asks at its end. Throws at the first thing that is not as it must be. */
export async function runGovernanceDemo(flags: DemoFlags): Promise<void> {
  const stage = new Stage();
  let server: DemoServer | undefined;
  const interrupt = () => void server?.stop().then(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await stage.step('Start the platform', async () => {
      server = flags.url
        ? { url: flags.url, token: flags.token ?? '', stop: async () => {} }
        : await startServer(flags.home ?? '.tailrace-governance');
      return `ready at ${server.url}`;
    });
    await tell(stage, new TailraceClient(server!.url, server!.token));
    stage.table();
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
    await server?.stop();
  }
}

async function tell(stage: Stage, admin: TailraceClient): Promise<void> {
  const suffix = `-${Date.now().toString(36)}`;
  const { events } = await admin.query<{ events: { sequence: string }[] }>(LOG, { after: '0' });
  const names = Object.fromEntries(
    ['dataset', 'template', 'model', 'endpoint', 'flow', 'trigger'].map((what) => [what, `penguins-${what}${suffix}`]),
  ) as unknown as ConstructorParameters<typeof Story>[2];
  const cast = await makeCast(admin, suffix);
  const quarter = await new Story(stage, cast, names, events.at(-1)?.sequence ?? '0').tell();
  stage.line('The quarter is over. An auditor asks:');
  await new Questions(stage, cast.olga, quarter).ask();
}
