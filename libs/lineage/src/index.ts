export { GraphStore } from './graph.store.js';
export { type LineageNode } from './graph.view.js';
export { LineageConsumer } from './lineage-consumer.js';
export { LineageModule } from './lineage.module.js';
export { LineageView, type LineageGraph } from './lineage.view.js';
export { NODE_KINDS } from './model/graph.js';
export { QuestionsView, type Affected, type AffectedPage, type Impact } from './questions.view.js';
export { RebuildService, type Rebuilt } from './rebuild.service.js';
export { type LineageEdge } from './walk.js';
