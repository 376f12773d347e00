import { TailraceClient } from '../../client/tailrace-client.js';
import { LOG } from '../documents.js';
import { onStage, type DemoFlags } from '../on-stage.js';
import type { Stage } from '../stage.js';
import { makeCast } from './cast.js';
import { Questions } from './questions.js';
import { Story } from './story.js';

/** The story of one model over a quarter, and what an auditor asks at its end. Throws at the first thing that is not as it must be. */
export async function runGovernanceDemo(flags: DemoFlags): Promise<void> {
  await onStage(flags, '.tailrace-governance', async (stage, { url, token }) => {
    await tell(stage, new TailraceClient(url, token));
    stage.table();
  });
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
