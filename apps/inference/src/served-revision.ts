import type { DesiredRevision } from '#contracts';
import { loadOnnx, type DecodedInputs, type OnnxModel } from '#engine-onnx';
import type { Tensors } from './batch-tensors.js';
import { checkModel } from './load-check.js';
import { MicroBatcher } from './micro-batcher.js';

/** A loaded revision. Whoever uses it holds it, so that a swap never closes a model under a request. */
export class ServedRevision {
  private readonly batcher: MicroBatcher;
  private holders = 0;
  private retired = false;

  private constructor(
    readonly revision: DesiredRevision,
    private readonly model: OnnxModel,
  ) {
    const { inputs, outputs } = revision.signature;
    const names = outputs.map((spec) => spec.name);
    const joinable = [...inputs, ...outputs].every((spec) => spec.shape[0] === -1);
    this.batcher = new MicroBatcher((feeds) => model.run(feeds, names), joinable);
  }

  /** Throws when the model cannot be loaded or does not do what its signature says. */
  static async load(revision: DesiredRevision, onnx: Uint8Array): Promise<ServedRevision> {
    const model = await loadOnnx(onnx);
    try {
      await checkModel(model, revision.signature);
    } catch (error) {
      await model.close();
      throw error;
    }
    return new ServedRevision(revision, model);
  }

  get version(): string {
    return String(this.revision.modelVersion);
  }

  hold(): this {
    this.holders++;
    return this;
  }

  release(): void {
    this.holders--;
    this.closeWhenIdle();
  }

  predict(inputs: DecodedInputs): Promise<Tensors> {
    return this.batcher.predict(inputs);
  }

  /** Closes the model as soon as nobody holds it. */
  retire(): void {
    this.retired = true;
    this.closeWhenIdle();
  }

  private closeWhenIdle(): void {
    if (this.retired && this.holders === 0) void this.model.close();
  }
}
