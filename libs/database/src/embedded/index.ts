export { type RootMode } from './run-as.js';
export { startEmbedded, type EmbeddedOptions, type EmbeddedPostgres } from './start-embedded.js';
