import type { Type } from '@nestjs/common';
import { ArgsType, Field, ID, Int, InterfaceType, ObjectType } from '@nestjs/graphql';
import { encodeCursor, kindOfId, type IdKind, type Page } from '#kernel';

/** GraphQL type of each kind of id, for `node(id)`. */
const TYPE_OF_KIND: Partial<Record<IdKind, string>> = {
  member: 'Member',
  dataset: 'Dataset',
  datasetVersion: 'DatasetVersion',
  experiment: 'Experiment',
  run: 'Run',
  loggedModel: 'LoggedModel',
  template: 'TrainingTemplate',
  trainingJob: 'TrainingJob',
  model: 'Model',
  modelVersion: 'ModelVersion',
  evaluation: 'ModelEvaluation',
  stageRequest: 'StageRequest',
  stageFlow: 'StageFlow',
  endpoint: 'Endpoint',
  revision: 'EndpointRevision',
  trigger: 'Trigger',
  execution: 'TriggerExecution',
  webhook: 'Webhook',
};

@InterfaceType({
  description: 'Whatever has an id of its own.',
  resolveType: (value: { id: string }) => TYPE_OF_KIND[kindOfId(value.id)!],
})
export abstract class Node {
  @Field(() => ID) id!: string;
}

@ArgsType()
export class PageInput {
  @Field(() => Int, { nullable: true, description: '1 to 200; 50 when absent.' }) first?: number;
  @Field({ nullable: true, description: 'The endCursor of the page before.' }) after?: string;
}

@ObjectType()
export class PageInfo {
  @Field() hasNextPage!: boolean;
  @Field() hasPreviousPage!: boolean;
  @Field({ nullable: true }) startCursor?: string;
  @Field({ nullable: true }) endCursor?: string;
}

export interface ConnectionOf<T> {
  edges: { cursor: string; node: T }[];
  pageInfo: PageInfo;
}

/** Relay connection of a node type: `<name>Connection` with edges and pageInfo. */
export function Connection<T extends object>(node: Type<T>, name: string): Type<ConnectionOf<T>> {
  @ObjectType(`${name}Edge`)
  class Edge {
    @Field() cursor!: string;
    @Field(() => node) node!: T;
  }
  @ObjectType(`${name}Connection`)
  class ConnectionType implements ConnectionOf<T> {
    @Field(() => [Edge]) edges!: Edge[];
    @Field(() => PageInfo) pageInfo!: PageInfo;
  }
  return ConnectionType;
}

/** A page of rows as a connection; rows have the names of the type's fields. */
export function toConnection<T extends { id: string }>(page: Page<T>, after?: string): ConnectionOf<T> {
  return cursorConnection(page.nodes, page.hasNextPage, ({ id }) => encodeCursor(id), after);
}

/** A page whose rows know their cursors themselves. */
export function cursorConnection<T>(
  nodes: readonly T[],
  hasNextPage: boolean,
  cursorOf: (node: T) => string,
  after?: string | null,
): ConnectionOf<T> {
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  const pageInfo = {
    hasNextPage,
    hasPreviousPage: Boolean(after),
    startCursor: edges[0]?.cursor,
    endCursor: edges.at(-1)?.cursor,
  };
  return { edges, pageInfo };
}
