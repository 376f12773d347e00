import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import type { LineageGraph } from '#lineage';
import { Asker } from '../graphql/graph-context.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { LineageEvents } from './lineage-events.js';
import { LineageGraphType, LineageImpactType } from './lineage.types.js';

const described = {
  description: 'Its runs, data sets, models and endpoints as events of OpenLineage 2-0-2, in the order in which they happened.',
};

@Resolver(() => LineageGraphType)
export class GraphEventsResolver {
  constructor(private readonly events: LineageEvents) {}

  @ResolveField(() => [JsonScalar], described)
  openLineage(@Asker() ctx: Ctx, @Parent() graph: LineageGraph) {
    return this.events.of(ctx, graph);
  }
}

@Resolver(() => LineageImpactType)
export class ImpactEventsResolver {
  constructor(private readonly events: LineageEvents) {}

  @ResolveField(() => [JsonScalar], described)
  openLineage(@Asker() ctx: Ctx, @Parent() graph: LineageGraph) {
    return this.events.of(ctx, graph);
  }
}
