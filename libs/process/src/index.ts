export { childEntry } from './child-entry.js';
export { runChild, type ChildCall } from './run-child.js';
export { serveChild } from './serve-child.js';
