import type { TreeGraph } from './tree.js';

export const GRAPH_FORMATS = ['tree', 'json', 'dot', 'mermaid', 'openlineage'] as const;

const words = (text: string) => text.replaceAll('_', ' ');

/** Graphviz; an arrow leads from what rests on something to that. */
export function renderDot(graph: TreeGraph): string {
  const quote = (text: string) =>
    `"${text
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll(/[\r\n]+/g, ' ')}"`;
  const nodes = graph.nodes.map((node) => `  ${quote(node.id)} [label=${quote(`${words(node.kind)} ${node.label}`)}];`);
  const edges = graph.edges.map((edge) => `  ${quote(edge.from)} -> ${quote(edge.to)} [label=${quote(words(edge.relation))}];`);
  return ['digraph lineage {', '  rankdir=LR;', '  node [shape=box];', ...nodes, ...edges, '}'].join('\n');
}

/** Mermaid; ids become n0, n1 …, because an id may not hold every character there. */
export function renderMermaid(graph: TreeGraph): string {
  const short = new Map(graph.nodes.map((node, index) => [node.id, `n${index}`]));
  const quote = (text: string) =>
    `"${text
      .replaceAll('#', '#35;')
      .replaceAll('"', '#quot;')
      .replaceAll(/[\r\n]+/g, ' ')}"`;
  const nodes = graph.nodes.map((node) => `  ${short.get(node.id)}[${quote(`${words(node.kind)} ${node.label}`)}]`);
  const edges = graph.edges.flatMap(({ from, to, relation }) =>
    short.has(from) && short.has(to) ? [`  ${short.get(from)} -- ${quote(words(relation))} --> ${short.get(to)}`] : [],
  );
  return ['flowchart LR', ...nodes, ...edges].join('\n');
}
