import { Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { MLFLOW_EVENT_NAMES, type MlflowEvent, type WebhookForm } from '#automation';
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

export const WebhookFormEnum = {
  MLFLOW: 'mlflow',
  CLOUDEVENTS: 'cloudevents',
  OPENLINEAGE: 'openlineage',
} as const satisfies Record<string, WebhookForm>;
registerEnumType(WebhookFormEnum, {
  name: 'WebhookForm',
  description:
    "How deliveries look. MLFLOW: as MLflow's. CLOUDEVENTS: CloudEvents 1.0 in structured JSON, OPENLINEAGE: events of OpenLineage 2-0-2; both signed by Standard Webhooks 1.0.",
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
  @Field(() => WebhookFormEnum) form!: WebhookForm;
  @Field(() => String, { nullable: true, description: 'It hears of this subject only.' }) subject?: string | null;
  @Field(() => String, { nullable: true, description: 'It hears of this project and those below only.' }) project?: string | null;
  @Field(() => Int, {
    description: 'Not of MLFLOW: so long events of a subject wait behind an earlier one that has not arrived; then they pass it.',
  })
  orderWindowSeconds!: number;
  @Field(() => Date, { nullable: true, description: 'Until when the secret before signs too.' }) previousUntil?: Date | null;
  @Field(() => WebhookStatusEnum) status!: WebhookStatusEnum;
  @Field(() => Date, { nullable: true, description: 'Since when no delivery has reached it; null while they do.' })
  failingSince?: Date | null;
  @Field({ description: 'It has a secret, which signs what it sends and which nobody is told.' }) signed!: boolean;
  @Field({ description: 'OPENLINEAGE: it sends a bearer token, which nobody is told.' }) authorized!: boolean;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
}
export const WebhookConnection = Connection(WebhookType, 'Webhook');

@ObjectType('WebhookDelivery', { description: 'One event on its way to one webhook.' })
export class WebhookDeliveryType {
  @Field(() => ID, { description: "In MLflow's form the receiver's X-MLflow-Delivery-Id, the same in every try." }) id!: string;
  @Field(() => ID, { description: "Not of MLFLOW: the receiver's webhook-id, the same in every try." }) eventId!: string;
  @Field(() => String, { nullable: true, description: 'Not of MLFLOW: <kind>/<id> of what changed.' }) subject?: string | null;
  @Field(() => String, { nullable: true, description: 'Of the event.' }) sequence?: string | null;
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

@ObjectType({ description: 'One try of a delivery.' })
export class WebhookAttempt {
  @Field(() => Int) number!: number;
  @Field() at!: Date;
  @Field(() => Int, { nullable: true, description: 'HTTP status; null when no answer came.' }) status?: number | null;
  @Field(() => Int, { description: 'How long it took.' }) ms!: number;
  @Field(() => String, { nullable: true, description: 'The first 2 KB of the answer.' }) body?: string | null;
  @Field(() => String, { nullable: true }) error?: string | null;
}

@ObjectType('WebhookReplay', { description: 'Deliveries that somebody asked to have again, and how far that is.' })
export class WebhookReplayType {
  @Field(() => ID) id!: string;
  @Field(() => ID) webhookId!: string;
  @Field(() => Int) total!: number;
  @Field(() => Int) waiting!: number;
  @Field(() => Int) delivered!: number;
  @Field(() => Int) failed!: number;
  @Field() createdAt!: Date;
}
export const WebhookDeliveryConnection = Connection(WebhookDeliveryType, 'WebhookDelivery');

@InputType()
export class CreateWebhookInput {
  @Field() name!: string;
  @Field({ description: 'HTTPS to a public address, or to a network that the installation allows.' }) url!: string;
  @Field(() => WebhookFormEnum, { nullable: true, description: 'MLFLOW when absent, or CLOUDEVENTS where types are given.' })
  form?: WebhookForm | null;
  @Field(() => [WebhookEventEnum], { nullable: true, description: 'Of the form MLFLOW: what it asks for.' })
  events?: MlflowEvent[] | null;
  @Field(() => [String], {
    nullable: true,
    description: 'Not of MLFLOW: types such as model_version.stage_changed, or patterns: model_version.*, *.',
  })
  types?: string[] | null;
  @Field(() => String, { nullable: true, description: 'Not of MLFLOW: only of this subject, <kind>/<id>.' }) subject?:
    string | null;
  @Field(() => String, { nullable: true, description: 'Not of MLFLOW: only of this project and those below.' }) project?:
    string | null;
  @Field(() => Int, { nullable: true, description: 'Not of MLFLOW: 0 to 86,400; 60 when absent.' }) orderWindowSeconds?:
    number | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'MLFLOW: signs what is sent; it can be changed and never read. In other forms the platform makes it.',
  })
  secret?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'OPENLINEAGE: sent as Authorization: Bearer; it can be changed and never read.',
  })
  bearerToken?: string | null;
  @Field(() => WebhookStatusEnum, { nullable: true, description: 'ACTIVE when absent.' }) status?: WebhookStatusEnum | null;
}

@InputType({ description: 'What is given changes; the rest stays.' })
export class UpdateWebhookInput {
  @Field(() => ID) webhookId!: string;
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true, description: 'What waits for the webhook goes to the new address at once.' }) url?:
    string | null;
  @Field(() => [WebhookEventEnum], { nullable: true }) events?: MlflowEvent[] | null;
  @Field(() => [String], { nullable: true, description: 'Not of MLFLOW.' }) types?: string[] | null;
  @Field(() => String, { nullable: true, description: 'An empty one takes it away.' }) subject?: string | null;
  @Field(() => String, { nullable: true, description: '/ for all.' }) project?: string | null;
  @Field(() => Int, { nullable: true }) orderWindowSeconds?: number | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => String, { nullable: true, description: 'MLFLOW: an empty one takes the secret away.' }) secret?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'OPENLINEAGE: an empty one takes the token away. An address of another origin needs it anew.',
  })
  bearerToken?: string | null;
  @Field(() => WebhookStatusEnum, { nullable: true, description: 'Turned on again, what waits goes out at once.' })
  status?: WebhookStatusEnum | null;
}

@InputType()
export class RotateWebhookSecretInput {
  @Field(() => ID) webhookId!: string;
  @Field(() => Int, { nullable: true, description: 'So long the secret before signs too: 0 to 168; 24 when absent.' })
  graceHours?: number | null;
}

export enum EndedStateEnum {
  DELIVERED = 'DELIVERED',
  FAILED = 'FAILED',
}
registerEnumType(EndedStateEnum, { name: 'WebhookDeliveryEnd' });

@InputType({
  description: 'Which deliveries are sent again; what is given narrows, and something has to be. Bounds are inclusive.',
})
export class ReplayDeliveriesInput {
  @Field(() => ID) webhookId!: string;
  @Field(() => [ID], { nullable: true, description: '1 to 1,000.' }) ids?: string[] | null;
  @Field(() => String, {
    nullable: true,
    description: 'Sequence of an event. A range alone also sends what came while the webhook was off.',
  })
  fromSequence?: string | null;
  @Field(() => String, { nullable: true }) toSequence?: string | null;
  @Field(() => Date, { nullable: true, description: 'Written down at this time or later.' }) since?: Date | null;
  @Field(() => Date, { nullable: true }) until?: Date | null;
  @Field(() => [EndedStateEnum], { nullable: true }) states?: EndedStateEnum[] | null;
  @Field(() => [String], { nullable: true, description: 'As model_version.created.' }) types?: string[] | null;
}

@InputType()
export class TestWebhookInput {
  @Field(() => ID) webhookId!: string;
  @Field(() => WebhookEventEnum, { nullable: true, description: 'MLFLOW: the first of its events when absent.' })
  event?: MlflowEvent | null;
}

@ObjectType()
export class WebhookPayload extends Payload {
  @Field(() => WebhookType, { nullable: true }) webhook?: WebhookType;
  @Field(() => String, { nullable: true, description: 'A secret that was made now. Nobody is told it again.' }) secret?: string;
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

@ObjectType()
export class WebhookReplayPayload extends Payload {
  @Field(() => WebhookReplayType, { nullable: true }) replay?: WebhookReplayType;
}
