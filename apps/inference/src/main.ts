import { loadConfig } from '#config';
import { createLogger } from '#telemetry';
import { startInference } from './inference.role.js';

const config = loadConfig();
const node = await startInference(config, createLogger(config.logLevel, 'inference'));
const stop = () => void node.stop().then(() => process.exit(0));
process.once('SIGTERM', stop).once('SIGINT', stop);
if (process.send) {
  // A parent that is gone must leave no orphan, even when it went before this line.
  process.once('disconnect', stop);
  if (!process.connected) stop();
  else process.send({ url: node.url }, undefined, undefined, () => {});
}
process.stdout.on('error', () => {}).write(`${JSON.stringify({ url: node.url })}\n`);
