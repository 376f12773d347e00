import { predictionId, type Caller, type TensorSpec } from '#contracts';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { json, type Answer } from './answer.js';
import { mayUse } from './caller-book.js';
import { fault } from './faults.js';
import { inferAnswer } from './infer-answer.js';
import { parseInferRequest, parseObject } from './infer-request.js';
import type { HostedEndpoint, ModelHost } from './model-host.js';
import type { ServedRevision } from './served-revision.js';
import type { Traffic } from './traffic.js';

/** Which endpoint a request names; the protocol calls it a model. */
export interface Target {
  readonly name: string;
  readonly version: string | undefined;
}

const PLATFORM = 'onnx_onnxv1';
const SERVER = { name: 'tailrace', version: '0.1.0', extensions: ['binary_tensor_data'] };

/**
 * The answers of the Open Inference Protocol V2 (github.com/kserve/open-inference-protocol, inference_rest.md), whatever carries them. False
 * is a 4xx there; ready answers always have a body, because some clients read it and others only the status.
 */
export class OpenInference {
  constructor(
    private readonly host: ModelHost,
    private readonly nodeId: string,
    private readonly traffic: Traffic,
  ) {}

  server(): Answer {
    return json(200, SERVER);
  }

  live(): Answer {
    return json(200, { live: true });
  }

  ready(ready: boolean): Answer {
    return json(ready ? 200 : 400, { ready });
  }

  modelReady(caller: Caller, target: Target): Answer {
    const { served } = this.find(caller, target);
    return json(served ? 200 : 400, { name: target.name, ready: served !== undefined });
  }

  metadata(caller: Caller, target: Target): Answer {
    const { version, revision } = this.served(caller, target);
    const { inputs, outputs } = revision.signature;
    return json(200, {
      name: target.name,
      versions: [version],
      platform: PLATFORM,
      inputs: inputs.map(plain),
      outputs: outputs.map(plain),
    });
  }

  /** The repository extension's list; `body` may be empty or `{"ready": true}`. */
  index(caller: Caller, body: Buffer): Answer {
    const onlyReady = body.length > 0 && parseObject(body)['ready'] === true;
    const mine = this.host.list().filter(({ desired, served }) => mayUse(caller, desired) && (served || !onlyReady));
    return json(200, mine.map(indexEntry));
  }

  /** Holds the revision that will answer, from before the body is read; the caller of this must release it. Throws NOT_FOUND, NOT_READY. */
  hold(caller: Caller, target: Target): ServedRevision {
    return this.served(caller, target).hold();
  }

  /** Throws BAD_REQUEST and OVERLOADED. */
  async infer(served: ServedRevision, name: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    const { revisionId, signature } = served.revision;
    const { id, outputs, tensors } = await this.traffic.count(served.revision, async () => {
      const asked = parseInferRequest(signature, headers, body);
      return { ...asked, tensors: await served.predict(asked.decoded) };
    });
    const prediction = predictionId(revisionId, this.nodeId, randomUUID().replaceAll('-', ''));
    const envelope = {
      model_name: name,
      model_version: served.version,
      ...(id === undefined ? {} : { id }),
      parameters: { prediction_id: prediction },
    };
    return inferAnswer(signature, tensors, envelope, outputs, { 'tailrace-prediction-id': prediction });
  }

  private served(caller: Caller, target: Target): ServedRevision {
    const { served } = this.find(caller, target);
    if (served) return served;
    throw fault('NOT_READY', `model ${target.name} is not loaded yet`, { 'retry-after': '1' });
  }

  /** What the caller may not use is not there. Throws NOT_FOUND. */
  private find(caller: Caller, { name, version }: Target): HostedEndpoint {
    const endpoint = this.host.find(caller.workspaceId, name);
    if (!endpoint || !mayUse(caller, endpoint.desired))
      throw fault('NOT_FOUND', `there is no model ${JSON.stringify(name.slice(0, 100))}`);
    const known = endpoint.served?.version ?? String(endpoint.desired.modelVersion);
    if (version !== undefined && version !== known)
      throw fault('NOT_FOUND', `version ${JSON.stringify(version.slice(0, 100))} of model ${name} is not served`);
    return endpoint;
  }
}

function plain({ name, datatype, shape }: TensorSpec) {
  return { name, datatype, shape };
}

function indexEntry({ desired, served, failure }: HostedEndpoint) {
  const [name, version] = [desired.endpoint, served?.version ?? String(desired.modelVersion)];
  if (served) return { name, version, state: 'READY', reason: '' };
  return failure === undefined
    ? { name, version, state: 'LOADING', reason: '' }
    : { name, version, state: 'UNAVAILABLE', reason: failure };
}
