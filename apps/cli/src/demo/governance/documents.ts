const mutation = (field: string, type: string, answer: string) =>
  `mutation ($input: ${type}!) { ${field}(input: $input) { ${answer} userErrors { code message field } } }`;

export const CREATE_FLOW = mutation('createStageFlow', 'CreateStageFlowInput', 'stageFlow { id name }');
export const REJECT = mutation('rejectStage', 'DecideInput', 'stageRequest { id state }');
export const FORCE = mutation('forceStage', 'ForceStageInput', 'modelVersion { id number stage }');
export const UPDATE_CARD = mutation('updateModelVersion', 'UpdateModelVersionInput', 'modelVersion { id }');

export const DRIFT = `query ($id: ID!) { datasetVersion(id: $id) { number profile { drift { mode added drifted worst { column psi }
  columns { name psi q drifted message } } } } }`;
export const REQUESTS = `query ($id: ID!) { stageRequests(where: { versionId: $id }, first: 10) { edges { node { id state reason createdAt
  requestedBy { name } gates { gate outcome message } approvals { decision comment member { name } } } } } }`;
export const HISTORY = `query ($id: ID!) { node(id: $id) { ... on Model { stageHistory(stage: "production", first: 20) { edges { node {
  number enteredAt leftAt enteredBy enteredByMember { name } reason forced } } } } } }`;
export const STANDING = `query ($id: ID!, $at: DateTime!) { node(id: $id) { ... on Model { standing(stage: "production", at: $at) { number } } } }`;
export const DIFF = `query ($a: ID!, $b: ID!) { modelVersionDiff(a: $a, b: $b) { metrics { key a b } data { key a b } bytes { a b } incompatible } }`;
export const CARD = 'query ($id: ID!) { modelCard(versionId: $id) }';
export const EXECUTIONS = `query ($id: ID!) { node(id: $id) { ... on Trigger { name executions(first: 10) { edges { node { state at reason outcome } } } } } }`;
export const AUDIT = `query ($where: AuditFilter) { audit(first: 50, where: $where) { edges { node { at actor action outcome reason count subjectKind subjectId after
  member { name } } } } }`;
export const AUDIT_HEAD = '{ auditHead { workspaceId position hash } }';
