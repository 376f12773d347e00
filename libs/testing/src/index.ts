export { SPLIT_APPS, type SplitApp } from './app-process.js';
export {
  aDataset,
  aMember,
  aTemplate,
  aToken,
  aTraining,
  aVersion,
  curveSteps,
  jobWhen,
  penguins,
  penguinsCsv,
  quickSpec,
  readJob,
  slowSpec,
  uniqueName,
  type CheckedVersion,
  type JobView,
} from './builders.js';
export { Child, ROOT } from './child.js';
export { Client, Refused, type GraphAnswer } from './client.js';
export { missingPostgres15, startPostgres15, type TestPostgres } from './debian-postgres.js';
export { freePort } from './free-port.js';
export { GraphSocket, type Subscription } from './graph-socket.js';
export { checkInvariants } from './invariants.js';
export { attemptProcesses, kill9, type AttemptProcess } from './orphans.js';
export { startPlatform, type PlatformTestOptions } from './platform.js';
export { missingRedis, startRedis, type TestRedis } from './redis.js';
export { SHORT_TIMES, type Server } from './server.js';
export { startSplit, type SplitServer } from './split.js';
export { ask, dropSessions, embeddedServer, withDatabase } from './superuser.js';
export { until } from './until.js';
