/** Where the released schemas of OpenLineage are; also the identity of each, by which readers know a facet. */
const SPEC = 'https://openlineage.io/spec';

/** Version and name of each facet that Tailrace writes, by its key. Source: https://github.com/OpenLineage/OpenLineage, spec/facets, of release 1.54.0 of its Python client. */
const RUN_FACETS = {
  parent: '1-2-0/ParentRunFacet',
  nominalTime: '1-0-1/NominalTimeRunFacet',
  errorMessage: '1-0-1/ErrorMessageRunFacet',
  processing_engine: '1-1-1/ProcessingEngineRunFacet',
  executionParameters: '1-0-0/ExecutionParametersRunFacet',
  tags: '1-0-0/TagsRunFacet',
  test: '1-0-1/TestRunFacet',
} as const;
const JOB_FACETS = {
  jobType: '2-0-4/JobTypeJobFacet',
  sourceCodeLocation: '1-1-0/SourceCodeLocationJobFacet',
} as const;
const DATASET_FACETS = {
  version: '1-0-1/DatasetVersionDatasetFacet',
  schema: '1-2-0/SchemaDatasetFacet',
  storage: '1-0-1/StorageDatasetFacet',
  lifecycleStateChange: '1-0-1/LifecycleStateChangeDatasetFacet',
  documentation: '1-1-0/DocumentationDatasetFacet',
  datasetType: '1-0-1/DatasetTypeDatasetFacet',
  tags: '1-0-0/TagsDatasetFacet',
} as const;
const INPUT_FACETS = {
  dataQualityMetrics: '1-0-3/DataQualityMetricsInputDatasetFacet',
  dataQualityAssertions: '1-1-0/DataQualityAssertionsDatasetFacet',
} as const;

const FACETS = { run: RUN_FACETS, job: JOB_FACETS, dataset: DATASET_FACETS, input: INPUT_FACETS };
type Role = keyof typeof FACETS;

/** What facets of a role say, without the marks that each carries; what is undefined is left out. */
export type FacetBodies<R extends Role> = { readonly [K in keyof (typeof FACETS)[R]]?: object };
export type Facets = Readonly<Record<string, object>>;

/** Facets with their `_producer` and `_schemaURL`; undefined where there is none. */
export function marked<R extends Role>(role: R, bodies: FacetBodies<R>, producer: string): Facets | undefined {
  const versions = FACETS[role] as Readonly<Record<string, string>>;
  const said = Object.entries(bodies as Readonly<Record<string, object | undefined>>).filter(([, body]) => body !== undefined);
  if (said.length === 0) return undefined;
  return Object.fromEntries(
    said.map(([key, body]) => {
      const schema = versions[key]!;
      const name = schema.slice(schema.indexOf('/') + 1);
      return [key, { _producer: producer, _schemaURL: `${SPEC}/facets/${schema}.json#/$defs/${name}`, ...body }];
    }),
  );
}

/** Identity of one of the three kinds of events of OpenLineage 2-0-2. */
export function eventSchema(kind: 'RunEvent' | 'JobEvent' | 'DatasetEvent'): string {
  return `${SPEC}/2-0-2/OpenLineage.json#/$defs/${kind}`;
}
