import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { decodeCursor, encodeCursor, parsePageSize, toPage } from '#kernel';
import { ArtifactsService, ArtifactsView, DirectArtifacts, type ArtifactEntry } from '#tracking';
import { cursorConnection, PageInput } from '../graphql/connection.js';
import { Asker } from '../graphql/graph-context.js';
import { mutate } from '../graphql/payload.js';
import { ArtifactEntryConnection, ArtifactsPayload, DeleteArtifactsInput, LogArtifactsInput } from './artifacts.types.js';

/** Files of runs and of logged models; their content comes and goes by /v1/blobs. */
@Resolver()
export class ArtifactsResolver {
  constructor(
    private readonly service: ArtifactsService,
    private readonly view: ArtifactsView,
    private readonly direct: DirectArtifacts,
  ) {}

  @Query(() => ArtifactEntryConnection, {
    description: 'Files and folders of a run or of a logged model, one level below a folder, by name.',
  })
  @Requires('tracking.read')
  async artifacts(
    @Asker() ctx: Ctx,
    @Args() page: PageInput,
    @Args('ownerId', { type: () => ID }) ownerId: string,
    @Args('path', { defaultValue: '' }) path: string,
  ) {
    const limit = parsePageSize(page);
    const after = page.after ? decodeCursor(page.after) : null;
    await this.view.mayRead(ctx, ownerId);
    await this.direct.settle(ownerId);
    const { nodes, hasNextPage } = toPage(await this.view.list(ctx, ownerId, path, after, limit + 1), limit);
    return cursorConnection(nodes.map(toEntry), hasNextPage, (entry) => encodeCursor(nameOf(entry.path)), page.after);
  }

  @Mutation(() => ArtifactsPayload, { description: 'Gives paths to contents that were uploaded, all or none.' })
  @Requires('tracking.write')
  logArtifacts(@Asker() ctx: Ctx, @Args('input') { ownerId, artifacts }: LogArtifactsInput) {
    return mutate(async () => ({ count: await this.service.addAll(ctx, ownerId, artifacts) }));
  }

  @Mutation(() => ArtifactsPayload, { description: 'The contents go when nothing refers to them any more.' })
  @Requires('tracking.write')
  deleteArtifacts(@Asker() ctx: Ctx, @Args('input') { ownerId, path }: DeleteArtifactsInput) {
    return mutate(async () => ({ count: await this.service.remove(ctx, ownerId, path) }));
  }
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const toEntry = (entry: ArtifactEntry) => ({ ...entry, size: entry.size === null ? null : String(entry.size) });
