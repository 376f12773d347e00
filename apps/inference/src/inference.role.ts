import type { Config } from '#config';
import { sleep } from '#kernel';
import { Metrics, type Logger } from '#telemetry';
import { join } from 'node:path';
import { CallerBook } from './caller-book.js';
import { ControlClient } from './control-client.js';
import { DesiredFollower } from './desired-follower.js';
import { InferenceServer } from './inference.server.js';
import { ModelHost } from './model-host.js';
import { NodeCache } from './node-cache.js';
import { OpenInference } from './open-inference.js';
import { Traffic } from './traffic.js';
import { TrafficReporter } from './traffic-reporter.js';

const MAX_INFER_BYTES = 64 * 2 ** 20;
const LAST_REPORT_MS = 1000;

export interface InferenceNode {
  readonly url: string;
  readonly nodeId: string;
  /** Drains: answers what has begun, then lets go of everything. */
  stop(): Promise<void>;
}

/**
 * Starts an inference node. Deliberately no Nest module, as the other roles are: it would cost more per request than the prediction, and
 * there is nothing here to inject but these few objects. Throws when the API's URL is not configured or the port is taken.
 */
export async function startInference(config: Config, logger: Logger): Promise<InferenceNode> {
  if (!config.urls.api) throw new Error('TAILRACE_API_URL must be set: an inference node asks the API what to serve');
  const stopping = new AbortController();
  const cache = await NodeCache.open(join(config.home, 'inference-cache'), logger);
  const client = new ControlClient(config.urls.api, config.serviceTokenFile, stopping.signal);
  const host = new ModelHost(({ workspaceId, onnx }) => cache.blob(onnx, () => client.blob(workspaceId, onnx)), logger);
  const callers = new CallerBook();
  const traffic = new Traffic();
  const reporter = new TrafficReporter(client, cache.nodeId, traffic, logger);
  const follower = new DesiredFollower({ client, host, callers, cache }, stopping.signal, logger);
  const server = new InferenceServer({
    host: config.http.host,
    port: config.http.port,
    maxBodyBytes: Math.min(config.http.maxBodyBytes, MAX_INFER_BYTES),
    protocol: new OpenInference(host, cache.nodeId, traffic),
    callers,
    isReady: () => follower.ready,
    metrics: metricsOf(host),
    logger,
  });
  const url = await server.start();
  const following = follower.follow();
  reporter.start();
  const stop = async () => {
    await server.stop();
    // What was answered last counts too, unless nobody takes the figures any more.
    await Promise.race([reporter.stop(), sleep(LAST_REPORT_MS)]);
    stopping.abort();
    await following;
    await host.close();
  };
  return { url, nodeId: cache.nodeId, stop };
}

function metricsOf(host: ModelHost): Metrics {
  const metrics = new Metrics();
  metrics.gauge('tailrace_inference_revisions', 'Endpoint revisions in memory', async () => [{ value: host.serving().length }]);
  return metrics;
}
