import {
  GraphQLError,
  Kind,
  parse,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { ROOT_FIELDS } from './schema.js';

/** The limits of MLflow's own server, in its words. */
const MOST = { depth: 10, selections: 1000, 'root fields': 10, aliases: 10 } as const;
const VARIABLES = {
  'root fields': 'MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS',
  aliases: 'MLFLOW_SERVER_GRAPHQL_MAX_ALIASES',
} as const;
const MOST_TOKENS = 15_000;

/** The document of a request's body whose every root field is MLflow's; undefined for all others. */
export function mlflowDocument(body: unknown): DocumentNode | undefined {
  const { query } = (body ?? {}) as { readonly query?: unknown };
  if (typeof query !== 'string' || !/\bmlflow[A-Z]|\btest(?:Mutation)?\b/.test(query)) return undefined;
  try {
    const document = parse(query, { maxTokens: MOST_TOKENS });
    const roots = operationsOf(document).flatMap(({ selectionSet }) => selectionSet.selections);
    const isOurs = (root: (typeof roots)[number]) => root.kind === Kind.FIELD && ROOT_FIELDS.has(root.name.value);
    return roots.length > 0 && roots.every(isOurs) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** Throws GraphQLError for a document that is too deep, or too large. */
export function checkLimits(document: DocumentNode): void {
  const fragments = new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [])),
  );
  const count = { 'root fields': 0, aliases: 0 };
  let selections = 0;
  const walk = (set: SelectionSetNode, depth: number): void => {
    if (depth > MOST.depth) throw new GraphQLError(`Query exceeds maximum depth of ${MOST.depth}`);
    const fields = fieldsOf(set, fragments, new Set());
    selections += fields.length;
    if (selections > MOST.selections) throw new GraphQLError(`Query exceeds maximum total selections of ${MOST.selections}`);
    if (depth === 1) count['root fields'] += fields.length;
    count.aliases = Math.max(count.aliases, fields.filter(({ alias }) => alias !== undefined).length);
    for (const { selectionSet } of fields) if (selectionSet) walk(selectionSet, depth + 1);
  };
  for (const { selectionSet } of operationsOf(document)) walk(selectionSet, 1);
  for (const what of ['root fields', 'aliases'] as const)
    if (count[what] > MOST[what])
      throw new GraphQLError(
        `GraphQL queries should have at most ${MOST[what]} ${what}, got ${count[what]} ${what}. ` +
          `To increase the limit, set the ${VARIABLES[what]} environment variable.`,
      );
}

function operationsOf(document: DocumentNode): OperationDefinitionNode[] {
  return document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
}

/** Fields of one level, those of fragments among them; a fragment counts once, also when it names itself. */
function fieldsOf(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, seen: Set<string>): FieldNode[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(selection.selectionSet, fragments, seen);
    const fragment = seen.has(selection.name.value) ? undefined : fragments.get(selection.name.value);
    seen.add(selection.name.value);
    return fragment ? fieldsOf(fragment.selectionSet, fragments, seen) : [];
  });
}
