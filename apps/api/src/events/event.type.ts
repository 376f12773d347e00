import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { JsonScalar } from '../graphql/json.scalar.js';

@ObjectType('Event', { description: 'One change, as the log has it.' })
export class EventType {
  @Field(() => ID) id!: string;
  @Field({ description: 'Global, rising, in the order of commits; resume with it.' }) sequence!: string;
  @Field({ description: '<kind>/<id> of what changed.' }) subject!: string;
  @Field(() => JsonScalar) data!: unknown;
  @Field() time!: Date;
  @Field() correlationId!: string;
  @Field(() => String, { nullable: true, description: 'Event that caused it.' }) causationId?: string | null;
  @Field(() => Int) hops!: number;
  @Field({ description: 'Who acted.' }) authId!: string;
}
