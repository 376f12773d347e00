import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Connection } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';

@ObjectType('ArtifactEntry', { description: 'A file, or a folder with files in it.' })
export class ArtifactEntryType {
  @Field({ description: 'From the root of its owner.' }) path!: string;
  @Field() isDir!: boolean;
  @Field(() => String, { nullable: true, description: 'Bytes of a file.' }) size?: string | null;
  @Field(() => String, { nullable: true, description: 'SHA-256 of a file; fetch it from GET /v1/blobs/<sha256>.' }) blob?:
    string | null;
}
export const ArtifactEntryConnection = Connection(ArtifactEntryType, 'ArtifactEntry');

@InputType()
export class ArtifactInput {
  @Field({ description: 'Relative, such as model/weights.bin; a path that is taken gets the new content.' }) path!: string;
  @Field({ description: 'SHA-256 of what was uploaded by PUT /v1/blobs/<sha256> or POST /v1/uploads.' }) blob!: string;
}

@InputType()
export class LogArtifactsInput {
  @Field(() => ID, { description: 'A run or a logged model.' }) ownerId!: string;
  @Field(() => [ArtifactInput], { description: '1 to 1,000.' }) artifacts!: ArtifactInput[];
}

@InputType()
export class DeleteArtifactsInput {
  @Field(() => ID, { description: 'A run or a logged model.' }) ownerId!: string;
  @Field({ description: 'A file, or a folder with all that is in it; an empty one is everything.' }) path!: string;
}

@ObjectType()
export class ArtifactsPayload extends Payload {
  @Field(() => Int, { nullable: true, description: 'How many files were written or removed.' }) count?: number;
}
