import { Args, Field, ID, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { Public, Requires } from '#host';
import { DomainError, kindOfId, type IdKind } from '#kernel';
import { Load } from './graph-context.js';
import type { Loaders } from './loaders.js';
import { Node } from './connection.js';

type NodeLoader = (load: Loaders, id: string) => Promise<{ id: string } | null>;

/** The same loaders, and so the same rights, as the typed fields. */
const LOADERS: Partial<Record<IdKind, NodeLoader>> = {
  member: (load, id) => load.member.load(id),
  dataset: (load, id) => load.dataset.load(id),
  datasetVersion: (load, id) => load.datasetVersion.load(id),
  experiment: (load, id) => load.experiment.load(id),
  run: (load, id) => load.run.load(id),
  loggedModel: (load, id) => load.loggedModel.load(id),
  template: (load, id) => load.template.load(id),
  trainingJob: (load, id) => load.job.load(id),
  model: (load, id) => load.model.load(id),
  modelVersion: (load, id) => load.modelVersion.load(id),
  evaluation: (load, id) => load.evaluation.load(id),
  stageRequest: (load, id) => load.stageRequest.load(id),
  stageFlow: (load, id) => load.stageFlow.load(id),
  endpoint: (load, id) => load.endpoint.load(id),
  revision: (load, id) => load.revision.load(id),
  trigger: (load, id) => load.trigger.load(id),
  execution: (load, id) => load.execution.load(id),
  webhook: (load, id) => load.webhook.load(id),
};

const FEATURES = [
  'datasets',
  'training',
  'registry',
  'stage-flows',
  'deployment',
  'automation',
  'lineage',
  'events',
  'logged-models',
  'artifacts',
  'webhooks',
  'triggers',
];

@ObjectType()
export class ServerInfo {
  @Field() version!: string;
  @Field(() => [String], { description: 'What this server can do, for clients of another version.' }) features!: string[];
}

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true })
  @Requires('self.read')
  node(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    const kind = kindOfId(id);
    return kind ? (LOADERS[kind]?.(load, id) ?? null) : null;
  }

  @Query(() => [Node], { nullable: 'items' })
  @Requires('self.read')
  nodes(@Load() load: Loaders, @Args('ids', { type: () => [ID] }) ids: string[]) {
    if (ids.length > 100) throw new DomainError('BAD_INPUT', 'at most 100 ids at a time', 'ids');
    return Promise.all(ids.map((id) => this.node(load, id)));
  }

  @Query(() => ServerInfo)
  @Public()
  serverInfo(): ServerInfo {
    return { version: '0.1.0', features: FEATURES };
  }
}
