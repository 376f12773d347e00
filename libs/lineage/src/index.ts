export { graphOfEvent, type GraphPart } from './graph-of-event.js';
export { LineageConsumer } from './lineage-consumer.js';
export { LineageModule } from './lineage.module.js';
export { LineageView, MAX_DEPTH, MAX_EDGES, type LineageEdge, type LineageGraph, type LineageNode } from './lineage.view.js';
