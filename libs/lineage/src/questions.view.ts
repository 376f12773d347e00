import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { decodeCursor, encodeCursor, parsePageSize } from '#kernel';
import { GraphView, type LineageNode } from './graph.view.js';
import type { LineageEdge } from './walk.js';
import { checkBounds, LineageView, type Bounds, type LineageGraph, type Question, type Reached } from './lineage.view.js';

export interface Impact extends LineageGraph {
  /** Endpoints that answer with it, then versions of models that stand in the stage. */
  readonly inProduction: readonly LineageNode[];
}

/** A version of a model in a stage, and what a question found of it. */
export interface Affected {
  readonly model: LineageNode | null;
  readonly version: LineageNode;
  /** Templates that would train it again. */
  readonly templates: readonly LineageNode[];
  /** What it rests on that is deleted or invalid. */
  readonly restsOn: readonly LineageNode[];
}
export interface AffectedPage {
  readonly items: readonly Affected[];
  readonly truncated: boolean;
  readonly endCursor: string | null;
}
export interface StageQuestion extends Bounds {
  readonly stage: string;
  readonly first?: number | null;
  readonly after?: string | null;
}

/** That data made a trigger fire does not make what it started rest on that data. */
const CAUSES = ['started_by', 'caused_by'];
/** What a model was only measured on needs no new training. */
const NO_TRAINING = [...CAUSES, 'evaluated_on'];
/** What a version cannot do without. */
const FOUNDATIONS = ['dataset_version', 'logged_dataset', 'run', 'logged_model', 'model_version'];
const TEMPLATE_DEPTH = 6;

/** Questions about what must be done: what goes with a thing, what is to be trained again, what stands on sand. */
@Injectable()
export class QuestionsView {
  constructor(
    private readonly graph: GraphView,
    private readonly lineage: LineageView,
  ) {}

  /** What is touched if `id` must go, also the models and endpoints of what is touched. */
  async impactOf(ctx: Ctx, id: string, question: Omit<Question, 'direction'>, stage: string): Promise<Impact> {
    const reached = await this.lineage.reach(ctx, id, { ...question, direction: 'downstream' }, CAUSES);
    const [found, { wholes, more }] = await Promise.all([
      this.lineage.described(ctx, id, reached),
      this.wholesOf(ctx, id, reached),
    ]);
    const inProduction = [
      ...more.filter((node) => node.kind === 'endpoint' && node.state !== null && reached.seen.has(node.state)),
      ...found.nodes.filter((node) => node.kind === 'model_version' && node.state === stage),
    ];
    const kept = wholes.filter((edge) => !question.kinds || question.kinds.some((kind) => edge.relation === WHOLE[kind]));
    const shown = more.filter((node) => kept.some((edge) => edge.to === node.id));
    const edges = kept.filter((edge) => shown.some((node) => node.id === edge.to));
    return { ...found, inProduction, nodes: [...found.nodes, ...shown], edges: [...found.edges, ...edges] };
  }

  /** Models whose newest version in the stage rests on `id`, with the templates that would train them again. */
  async retrainingNeeded(ctx: Ctx, id: string, question: StageQuestion): Promise<AffectedPage> {
    const plan = { ...question, kinds: ['model_version'], first: null, after: null, direction: 'downstream' as const };
    checkBounds(question);
    const { nodes } = await this.lineage.walk(ctx, id, plan, NO_TRAINING);
    const versions = nodes.filter((node) => node.kind === 'model_version' && node.state === question.stage && !node.goneAt);
    const all = await this.described(ctx, versions, question);
    return pageOf(
      [...Map.groupBy(all, ({ model, version }) => model?.id ?? version.id).values()].map((same) => same.at(-1)!),
      question,
    );
  }

  /** Versions that stand in the stage and rest on something deleted or invalid, of the kinds asked for. */
  async restingOnInvalid(ctx: Ctx, question: StageQuestion): Promise<AffectedPage> {
    checkBounds(question);
    const first = parsePageSize(question);
    const kinds = question.kinds ?? FOUNDATIONS;
    const items: Affected[] = [];
    let after = question.after ? decodeCursor(question.after) : '';
    for (;;) {
      const until = question.until ?? null;
      const ids = await this.graph.inStage(ctx, question.stage, until, after, CANDIDATES);
      const versions = (await this.graph.nodes(ctx, ids, until)).sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const version of versions.filter(({ state, goneAt }) => state === question.stage && !goneAt)) {
        const restsOn = (await this.foundations(ctx, version, { ...question, kinds })).filter(({ goneAt }) => goneAt !== null);
        if (restsOn.length === 0) continue;
        if (items.length === first) return { items, truncated: true, endCursor: encodeCursor(items.at(-1)!.version.id) };
        const [affected] = await this.described(ctx, [version], question);
        items.push({ ...affected!, restsOn });
      }
      if (ids.length < CANDIDATES) return { items, truncated: false, endCursor: null };
      after = ids.at(-1)!;
    }
  }

  /** The models, data sets and endpoints that what was reached is part of, where they were not reached themselves. */
  private async wholesOf(ctx: Ctx, id: string, { ids, sight }: Reached): Promise<{ wholes: LineageEdge[]; more: LineageNode[] }> {
    const all = await this.graph.wholes(ctx, [...ids], sight);
    const wholes = all.filter((edge) => edge.from !== id && !ids.has(edge.to));
    return { wholes, more: await this.graph.nodes(ctx, [...new Set(wholes.map((edge) => edge.to))], sight.until) };
  }

  private async foundations(ctx: Ctx, version: LineageNode, { depth, until, kinds }: Bounds): Promise<LineageNode[]> {
    const { nodes } = await this.lineage.walk(ctx, version.id, { depth, until, kinds, direction: 'upstream' }, CAUSES);
    return nodes.filter(({ id }) => id !== version.id);
  }

  private async described(ctx: Ctx, versions: readonly LineageNode[], { until }: Bounds): Promise<Affected[]> {
    const sight = await this.graph.sight(until ?? null);
    const wholes = await this.graph.wholes(
      ctx,
      versions.map(({ id }) => id),
      sight,
    );
    const models = new Map(
      (
        await this.graph.nodes(
          ctx,
          wholes.map(({ to }) => to),
          sight.until,
        )
      ).map((node) => [node.id, node]),
    );
    return Promise.all(
      versions.map(async (version) => ({
        version,
        model: models.get(wholes.find(({ from }) => from === version.id)?.to ?? '') ?? null,
        templates: await this.foundations(ctx, version, { until, depth: TEMPLATE_DEPTH, kinds: ['template'] }),
        restsOn: [],
      })),
    );
  }
}

/** By which relation a kind is the whole of something. */
const WHOLE: Readonly<Record<string, string>> = { model: 'version_of', dataset: 'version_of', endpoint: 'revision_of' };
/** Versions that are looked at together. */
const CANDIDATES = 100;

function pageOf(all: readonly Affected[], { first, after }: StageQuestion): AffectedPage {
  const limit = parsePageSize({ first });
  const from = after ? decodeCursor(after) : '';
  const sorted = [...all].sort((a, b) => (a.version.id < b.version.id ? -1 : 1)).filter(({ version }) => version.id > from);
  const items = sorted.slice(0, limit);
  const truncated = sorted.length > limit;
  return { items, truncated, endCursor: truncated ? encodeCursor(items.at(-1)!.version.id) : null };
}
