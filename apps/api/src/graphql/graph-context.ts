import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { Ctx } from '#access';
import type { Loaders } from './loaders.js';

/** What every operation carries: who asks, and its own loaders. */
export interface GraphContext {
  readonly ctx: Ctx;
  readonly loaders: Loaders;
}

const contextOf = (context: ExecutionContext) => GqlExecutionContext.create(context).getContext<GraphContext>();

/** The caller's `Ctx`, as an argument of a resolver. */
export const Asker = createParamDecorator((_data: unknown, context: ExecutionContext): Ctx => contextOf(context).ctx);
/** The operation's loaders, as an argument of a resolver. */
export const Load = createParamDecorator((_data: unknown, context: ExecutionContext): Loaders => contextOf(context).loaders);
