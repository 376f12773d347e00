import { Args, Field, ID, ObjectType, Query, registerEnumType, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { ArtifactsView } from '#tracking';
import { Asker } from '../graphql/graph-context.js';
import { ArtifactHeads } from './artifact-heads.js';
import { HEAD_BYTES, previewOf } from './preview.js';

export enum PreviewKind {
  TEXT = 'TEXT',
  TABLE = 'TABLE',
  IMAGE = 'IMAGE',
  NONE = 'NONE',
}
registerEnumType(PreviewKind, { name: 'PreviewKind' });

@ObjectType({
  description: 'What can be shown of a file without trusting it: markup is text, an image a bitmap, whatever the name says.',
})
export class ArtifactPreviewType {
  @Field(() => PreviewKind) kind!: PreviewKind;
  @Field({ description: 'Bytes of the whole file.' }) size!: string;
  @Field(() => String, { nullable: true, description: 'Without control characters and terminal escapes.' }) text?: string;
  @Field(() => [String], { nullable: true }) columns?: string[];
  @Field(() => [[String]], { nullable: true, description: 'Up to 100 rows.' }) rows?: string[][];
  @Field({ nullable: true, description: 'There is more than is shown.' }) truncated?: boolean;
  @Field(() => String, { nullable: true, description: 'Of a bitmap; GET /v1/artifacts/image?ownerId=…&path=… shows it.' })
  mediaType?: string;
}

@Resolver()
export class PreviewResolver {
  constructor(
    private readonly view: ArtifactsView,
    private readonly heads: ArtifactHeads,
  ) {}

  @Query(() => ArtifactPreviewType, { description: 'A look at an artifact of a run or of a logged model.' })
  @Requires('tracking.read')
  async artifactPreview(@Asker() ctx: Ctx, @Args('ownerId', { type: () => ID }) ownerId: string, @Args('path') path: string) {
    const file = await this.view.file(ctx, ownerId, path);
    const head = await this.heads.read(ctx.workspaceId, file.blob, file.size, HEAD_BYTES);
    return { ...previewOf(path, head, file.size), size: String(file.size) };
  }
}
