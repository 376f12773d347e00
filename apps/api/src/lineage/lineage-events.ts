import { Inject, Injectable } from '@nestjs/common';
import { AccessView, type Ctx } from '#access';
import type { Config } from '#config';
import { LineageWriter, type OpenLineageEvent } from '#contracts';
import { CONFIG } from '#host';
import { ExportView, type LineageGraph } from '#lineage';

/** The graph in the words of OpenLineage, in the name of the caller's workspace. */
@Injectable()
export class LineageEvents {
  constructor(
    private readonly view: ExportView,
    private readonly access: AccessView,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Of an answer. */
  async of(ctx: Ctx, { nodes, until }: LineageGraph): Promise<OpenLineageEvent[]> {
    const ids = nodes.map(({ id }) => id);
    return this.view.eventsOf(ctx, ids, until, await this.writer(ctx));
  }

  /** Of all that the caller may see, in pages. */
  async *all(ctx: Ctx): AsyncGenerator<OpenLineageEvent[]> {
    yield* this.view.events(ctx, await this.writer(ctx));
  }

  private async writer({ workspaceId }: Ctx): Promise<LineageWriter> {
    return new LineageWriter({ publicUrl: this.config.http.publicUrl, workspace: await this.access.workspaceName(workspaceId) });
  }
}
