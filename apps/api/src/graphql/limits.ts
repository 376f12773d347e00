import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Limits of one operation; the same over HTTP and over the WebSocket. */
export const LIMITS = {
  depth: 10,
  aliases: 15,
  rootFields: 10,
  cost: 5000,
  tokens: 1500,
  operations: 10,
  variables: 100,
  directives: 50,
  bodyBytes: 256 * 1024,
} as const;
const DEFAULT_FIRST = 50;

interface Measure {
  depth: number;
  aliases: number;
  rootFields: number;
  cost: number;
}

/**
 * Refuses operations before they run: too deep, too many aliases or root fields, or too dear. Cost: one per field, times `first` for what
 * lies inside a connection, so that nested pages multiply. Introspection is as deep as it must be and is not measured.
 */
export const limitRule: ValidationRule = (context: ValidationContext): ASTVisitor => ({
  Document(document) {
    for (const problem of [...documentProblems(document), ...operationProblems(context)])
      context.reportError(new GraphQLError(problem, { extensions: { code: 'TOO_COMPLEX' } }));
    return false;
  },
});

function documentProblems(document: DocumentNode): string[] {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const problems: string[] = [];
  if (operations.length > LIMITS.operations) problems.push(`a document may hold ${LIMITS.operations} operations`);
  if (operations.some((operation) => (operation.variableDefinitions?.length ?? 0) > LIMITS.variables))
    problems.push(`an operation may declare ${LIMITS.variables} variables`);
  return problems;
}

function operationProblems(context: ValidationContext): string[] {
  const problems: string[] = [];
  for (const definition of context.getDocument().definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const measure: Measure = { depth: 0, aliases: 0, rootFields: definition.selectionSet.selections.length, cost: 0 };
    walk(definition.selectionSet, 1, 1, measure, (name) => context.getFragment(name) ?? undefined, new Set());
    for (const key of ['depth', 'aliases', 'rootFields', 'cost'] as const)
      if (measure[key] > LIMITS[key])
        problems.push(
          `the operation has ${key} ${measure[key]}${key === 'cost' ? ' or more' : ''}; at most ${LIMITS[key]} are allowed`,
        );
  }
  return problems;
}

function walk(
  set: SelectionSetNode,
  depth: number,
  factor: number,
  measure: Measure,
  fragment: (name: string) => FragmentDefinitionNode | undefined,
  open: Set<string>,
): void {
  for (const selection of set.selections) {
    if (measure.cost > LIMITS.cost || measure.depth > LIMITS.depth) return;
    if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, depth, factor, measure, fragment, open);
    else if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const definition = open.has(selection.name.value) ? undefined : fragment(selection.name.value);
      if (definition) walk(definition.selectionSet, depth, factor, measure, fragment, new Set([...open, selection.name.value]));
    } else {
      if (selection.name.value.startsWith('__schema') || selection.name.value.startsWith('__type')) continue;
      if (selection.alias) measure.aliases += 1;
      measure.cost += factor;
      measure.depth = Math.max(measure.depth, depth);
      if (selection.selectionSet)
        walk(
          selection.selectionSet,
          depth + (isPaging(selection.name.value) ? 0 : 1),
          factor * pageSize(selection),
          measure,
          fragment,
          open,
        );
    }
  }
}

/** `edges { node { … } }` is one level of the graph, not three. */
function isPaging(name: string): boolean {
  return name === 'edges' || name === 'node' || name === 'pageInfo';
}

function pageSize(field: {
  arguments?: readonly { name: { value: string }; value: { kind: string; value?: unknown } }[];
  selectionSet?: SelectionSetNode;
}): number {
  const first = field.arguments?.find((argument) => argument.name.value === 'first');
  if (first?.value.kind === Kind.INT) return Math.max(1, Number(first.value.value));
  const paged = field.selectionSet?.selections.some(
    (selection) => selection.kind === Kind.FIELD && selection.name.value === 'edges',
  );
  return paged || first ? DEFAULT_FIRST : 1;
}
