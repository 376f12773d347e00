export interface TreeGraph {
  readonly root: string;
  readonly nodes: readonly { id: string; kind: string; label: string; state?: string | null; goneAt?: string | null }[];
  readonly edges: readonly { from: string; to: string; relation: string }[];
}

/** Lineage as a tree of lines; what was shown before is named, not unfolded again. */
export function renderTree(graph: TreeGraph, direction: 'upstream' | 'downstream' = 'upstream'): string {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const [near, far] = direction === 'upstream' ? (['from', 'to'] as const) : (['to', 'from'] as const);
  const children = Map.groupBy(graph.edges, (edge) => edge[near]);
  const shown = new Set<string>();
  const lines: string[] = [];
  const name = (id: string) => {
    const node = nodes.get(id);
    return node ? `${node.kind.replaceAll('_', ' ')} ${node.label}${stateText(node)}` : id;
  };
  const walk = (id: string, head: string, tail: string, relation: string) => {
    const again = shown.has(id) && (children.get(id)?.length ?? 0) > 0;
    lines.push(`${head}${relation ? `${relation.replaceAll('_', ' ')}: ` : ''}${name(id)}${again ? ' (see above)' : ''}`);
    if (shown.has(id)) return;
    shown.add(id);
    const edges = children.get(id) ?? [];
    edges.forEach((edge, index) => {
      const last = index === edges.length - 1;
      walk(edge[far], `${tail}${last ? '└─ ' : '├─ '}`, `${tail}${last ? '   ' : '│  '}`, edge.relation);
    });
  };
  walk(graph.root, '', '', '');
  return lines.join('\n');
}

/** What a node is now, in brackets; the state of an endpoint is the id of its revision, which is a node of its own. */
function stateText({ state, goneAt }: TreeGraph['nodes'][number]): string {
  const words = [state && !/_[0-9a-f]{32}$/.test(state) ? state : '', goneAt ? 'gone' : ''].filter(Boolean);
  return words.length > 0 ? ` [${words.join(', ')}]` : '';
}
