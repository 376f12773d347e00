import { Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { MLFLOW_EVENT_NAMES, type MlflowEvent } from '#automation';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';

/** GraphQL's names have no dots. */
export const WebhookEventEnum = Object.fromEntries(
  MLFLOW_EVENT_NAMES.map((event) => [event.replace('.', '_').toUpperCase(), event]),
) as Record<string, MlflowEvent>;
registerEnumType(WebhookEventEnum, {
  name: 'WebhookEvent',
  description: 'What a webhook may ask for, as in MLflow: REGISTERED_MODEL_CREATED is its registered_model.created.',
});

export enum WebhookStatusEnum {
  ACTIVE = 'ACTIVE',
  DISABLED = 'DISABLED',
}
registerEnumType(WebhookStatusEnum, {
  name: 'WebhookStatus',
  description:
    'DISABLED by somebody, or since its receiver is gone: nothing is written down for it, and what waits for it waits.',
});

export enum DeliveryStateEnum {
  PENDING = 'PENDING',
  DELIVERED = 'DELIVERED',
  FAILED = 'FAILED',
}
registerEnumType(DeliveryStateEnum, {
  name: 'WebhookDeliveryState',
  description: 'PENDING: not tried yet, or to be tried again. FAILED: given up.',
});

@ObjectType('Webhook', { implements: () => Node })
export class WebhookType extends Node {
  @Field() name!: string;
  @Field() url!: string;
  @Field() description!: string;
  @Field(() => [WebhookEventEnum]) events!: MlflowEvent[];
  @Field(() => WebhookStatusEnum) status!: WebhookStatusEnum;
  @Field({ description: 'It has a secret, which signs what it sends and which nobody is told.' }) signed!: boolean;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
}
export const WebhookConnection = Connection(WebhookType, 'Webhook');

@ObjectType('WebhookDelivery', { description: 'One event on its way to one webhook.' })
export class WebhookDeliveryType {
  @Field(() => ID, { description: "The receiver's X-MLflow-Delivery-Id, the same in every try." }) id!: string;
  @Field(() => ID) eventId!: string;
  @Field(() => WebhookEventEnum) event!: MlflowEvent;
  @Field(() => DeliveryStateEnum) state!: DeliveryStateEnum;
  @Field(() => Int, { description: 'Tries that ended.' }) attempts!: number;
  @Field(() => Date, { nullable: true, description: 'Of a PENDING one: when it is due, or when the try under way is given up.' })
  nextAt?: Date | null;
  @Field(() => Int, { nullable: true, description: 'HTTP status of the last try; null when no answer came.' }) lastStatus?:
    number | null;
  @Field(() => String, { nullable: true, description: 'Why the last try failed.' }) lastError?: string | null;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) doneAt?: Date | null;
}
export const WebhookDeliveryConnection = Connection(WebhookDeliveryType, 'WebhookDelivery');

@InputType()
export class CreateWebhookInput {
  @Field() name!: string;
  @Field({ description: 'HTTPS to a public address, or to a network that the installation allows.' }) url!: string;
  @Field(() => [WebhookEventEnum]) events!: MlflowEvent[];
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => String, { nullable: true, description: 'Signs what is sent; it can be changed and never read.' }) secret?:
    string | null;
  @Field(() => WebhookStatusEnum, { nullable: true, description: 'ACTIVE when absent.' }) status?: WebhookStatusEnum | null;
}

@InputType({ description: 'What is given changes; the rest stays.' })
export class UpdateWebhookInput {
  @Field(() => ID) webhookId!: string;
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true, description: 'What waits for the webhook goes to the new address at once.' }) url?:
    string | null;
  @Field(() => [WebhookEventEnum], { nullable: true }) events?: MlflowEvent[] | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => String, { nullable: true, description: 'An empty one takes the secret away.' }) secret?: string | null;
  @Field(() => WebhookStatusEnum, { nullable: true, description: 'Turned on again, what waits goes out at once.' })
  status?: WebhookStatusEnum | null;
}

@InputType()
export class TestWebhookInput {
  @Field(() => ID) webhookId!: string;
  @Field(() => WebhookEventEnum, { nullable: true, description: 'The first of its events when absent.' })
  event?: MlflowEvent | null;
}

@ObjectType()
export class WebhookPayload extends Payload {
  @Field(() => WebhookType, { nullable: true }) webhook?: WebhookType;
}

@ObjectType()
export class DeleteWebhookPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'What is gone.' }) id?: string;
}

@ObjectType({ description: 'What the receiver said to an example.' })
export class TestWebhookPayload extends Payload {
  @Field(() => Boolean, { nullable: true, description: 'It answered 2xx.' }) delivered?: boolean;
  @Field(() => Int, { nullable: true, description: 'null when no answer came.' }) status?: number | null;
  @Field(() => String, { nullable: true, description: 'The first 4 KB of its answer.' }) body?: string | null;
  @Field(() => String, { nullable: true, description: 'Why it did not get there.' }) error?: string | null;
}

@ObjectType()
export class WebhookDeliveryPayload extends Payload {
  @Field(() => WebhookDeliveryType, { nullable: true }) delivery?: WebhookDeliveryType;
}
