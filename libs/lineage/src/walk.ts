import { kindOfNode } from './model/graph.js';

export type Direction = 'upstream' | 'downstream';

export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  /** `rests_on` where nodes between the two were left out. */
  readonly relation: string;
}

/** Edges of these nodes in the direction of the walk, in an order that stays; at most `limit`. */
export type EdgesOf = (near: readonly string[], limit: number) => Promise<readonly LineageEdge[]>;

export interface WalkPlan {
  readonly start: string;
  readonly direction: Direction;
  readonly depth: number;
  /** Only nodes of these kinds are in the answer; the walk goes through the others. */
  readonly kinds?: readonly string[] | null;
  /** Edges of the answer after which the walk ends. */
  readonly enough: number;
}

export interface Walked {
  readonly edges: readonly LineageEdge[];
  /** Every node that the walk came to, in the order of coming, its start among them. */
  readonly seen: ReadonlySet<string>;
  /** The edge by which the walk first came to a node. */
  readonly by: ReadonlyMap<string, LineageEdge>;
}

/** More edges than this no walk looks at. */
export const MAX_WALK = 200_000;

/** Breadth first, with a set of what was seen: each node is looked at once, however many ways lead to it. Stops early when `until` is reached. */
export async function walk(plan: WalkPlan, edgesOf: EdgesOf, until?: string): Promise<Walked> {
  const walker = new Walker(plan);
  let frontier = [plan.start];
  for (let level = 0; level < plan.depth && frontier.length > 0 && walker.room > 0; level++) {
    const found = await edgesOf(frontier, walker.room);
    frontier = found.flatMap((edge) => walker.take(edge));
    if (until !== undefined && walker.seen.has(until)) break;
  }
  return walker;
}

class Walker implements Walked {
  readonly edges: LineageEdge[] = [];
  readonly seen: Set<string>;
  readonly by = new Map<string, LineageEdge>();
  private readonly drawn = new Set<string>();
  /** The nearest node before it, itself included, that is in the answer. */
  private readonly anchor: Map<string, string>;
  private walked = 0;

  constructor(private readonly plan: WalkPlan) {
    this.seen = new Set([plan.start]);
    this.anchor = new Map([[plan.start, plan.start]]);
  }

  /** How many edges it has yet to look at. */
  get room(): number {
    const enough = this.plan.enough - this.edges.length;
    return enough <= 0 ? 0 : Math.min(this.plan.kinds ? MAX_WALK : enough, MAX_WALK - this.walked);
  }

  /** The node that is new by this edge, if any. */
  take(edge: LineageEdge): string[] {
    this.walked++;
    const [near, far] = this.plan.direction === 'upstream' ? [edge.from, edge.to] : [edge.to, edge.from];
    this.draw(edge, near, far);
    if (this.seen.has(far)) return [];
    this.seen.add(far);
    this.by.set(far, edge);
    this.anchor.set(far, this.isKept(far) ? far : this.anchor.get(near)!);
    return [far];
  }

  private draw(edge: LineageEdge, near: string, far: string): void {
    if (!this.isKept(far)) return;
    const anchor = this.anchor.get(near)!;
    if (anchor === near) return void this.edges.push(edge);
    const key = `${anchor} ${far}`;
    if (this.drawn.has(key) || anchor === far) return;
    this.drawn.add(key);
    const [from, to] = this.plan.direction === 'upstream' ? [anchor, far] : [far, anchor];
    this.edges.push({ from, to, relation: 'rests_on' });
  }

  private isKept(id: string): boolean {
    return !this.plan.kinds || this.plan.kinds.includes(kindOfNode(id) ?? '') || id === this.plan.start;
  }
}
