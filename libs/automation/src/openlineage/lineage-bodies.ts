import { Inject, Injectable } from '@nestjs/common';
import { jobType, lineageName, LineageWriter, uuidOf, type LoggedEvent } from '#contracts';
import { EventLog } from '#messaging';
import { lineageEvent } from './lineage-event.js';
import { LINEAGE_FACTS_PORT, type LineageFactsPort } from './lineage-facts.port.js';
import { factsIn } from './lineage-kit.js';

/** Bodies of deliveries in the form of OpenLineage: events are thin, and what is missing is read from where it is kept. */
@Injectable()
export class LineageBodies {
  constructor(
    @Inject(LINEAGE_FACTS_PORT) private readonly facts: LineageFactsPort,
    private readonly log: EventLog,
  ) {}

  /** undefined when what the event tells of is gone for good. `publicUrl`: where this installation is reached from outside. */
  async bodyOf(event: LoggedEvent, publicUrl: string): Promise<string | undefined> {
    const { workspaceId, time, causationId } = event;
    const said = await lineageEvent(
      {
        write: await this.writer(workspaceId, publicUrl),
        facts: factsIn(this.facts, workspaceId),
        time,
        cause: async () => (causationId === null ? undefined : this.log.find(causationId)),
      },
      event,
    );
    return said && JSON.stringify(said);
  }

  /** A test of a webhook: an event beside the life of a run that there is not, of a job that bears the webhook's name. */
  async example(
    workspaceId: string,
    webhook: { readonly id: string; readonly name: string },
    time: Date,
    publicUrl: string,
  ): Promise<string> {
    const write = await this.writer(workspaceId, publicUrl);
    const job = write.job({ project: '/', name: lineageName('webhook', webhook.name) }, jobType('TEST'));
    return JSON.stringify(write.runEvent(time, 'OTHER', write.run(uuidOf(webhook.id)), job));
  }

  private async writer(workspaceId: string, publicUrl: string): Promise<LineageWriter> {
    return new LineageWriter({ publicUrl, workspace: await this.facts.workspaceName(workspaceId) });
  }
}
