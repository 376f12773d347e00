/** The queries of the demo: the same that docs/graphql.md shows. */
export const CREATE_MEMBER = `mutation ($input: CreateMemberInput!) { createMember(input: $input) { member { id name } userErrors { code message field } } }`;
export const CREATE_TOKEN = `mutation ($input: CreateTokenInput!) { createToken(input: $input) { token userErrors { code message field } } }`;
export const CREATE_DATASET = `mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id name } userErrors { code message field } } }`;
export const CREATE_VERSION = `mutation ($input: CreateDatasetVersionInput!) {
  createDatasetVersion(input: $input) { datasetVersion { id number } created userErrors { code message field } } }`;
export const VERSION = `query ($id: ID!) { datasetVersion(id: $id) {
  id number state reason parent { id number } findings { severity message line column }
  profile { rows duplicateRows columns { name type missing distinct mean top { value count } } } } }`;
export const CREATE_TEMPLATE = `mutation ($input: CreateTemplateInput!) {
  createTrainingTemplate(input: $input) { template { id name revision } userErrors { code message field } } }`;
export const CREATE_TRIGGER = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { trigger { id name } userErrors { code message field } } }`;
export const START_TRAINING = `mutation ($input: StartTrainingInput!) {
  startTraining(input: $input) { trainingJob { id state run { id } } userErrors { code message field } } }`;
export const CURVE = `subscription ($runId: ID!) { runMetrics(runId: $runId) { key step value attempt } }`;
export const JOB = `query ($id: ID!) { trainingJob(id: $id) {
  id state attempt backend reason datasetVersion { id number } run { id status params { key value } tags { key value } metrics { key value source } artifacts { path blob } }
  modelVersions { id number stage model { name } signature files { name blob } measured { key value } } } }`;
export const CREATE_MODEL = `mutation ($input: CreateModelInput!) { createModel(input: $input) { model { id name } userErrors { code message field } } }`;
export const REQUEST_STAGE = `mutation ($input: RequestStageInput!) { requestStage(input: $input) { stageRequest { id state } userErrors { code message field } } }`;
export const APPROVE = `mutation ($input: DecideInput!) { approveStage(input: $input) { stageRequest { id state version { stage } } userErrors { code message field } } }`;
export const REQUEST = `query ($id: ID!) { node(id: $id) { ... on StageRequest { id state gates { outcome message } approvals { decision member { name } } version { id number stage } } } }`;
export const CREATE_ENDPOINT = `mutation ($input: CreateEndpointInput!) { createEndpoint(input: $input) { endpoint { id name } userErrors { code message field } } }`;
export const ENDPOINT = `query ($id: ID!) { node(id: $id) { ... on Endpoint { id name revision { id number state modelVersion { number } } } } }`;
export const LINEAGE = `query ($id: ID!) { lineage(id: $id) { root truncated nodes { id kind label state goneAt } edges { from to relation } } }`;
export const AUDIT = `query ($action: String!) { audit(first: 20, where: { action: $action }) { edges { node { at action outcome reason member { name } subjectKind subjectId } } } }`;
export const LOG = `query ($after: String!) { events(after: $after, first: 1000) { sequence type subject } }`;
