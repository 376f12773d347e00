import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { RelayModule } from '#messaging';
import { until } from '#testing';
import { AttemptsService, JobsService, ReproductionsService, TrainingView } from '#training';
import { ModelRegistryRole } from '../../apps/model-registry/src/model-registry.role.js';
import { TrainingRunnerRole } from '../../apps/training-runner/src/training-runner.role.js';
import { queuedJob } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
beforeAll(async () => {
  // The runner knows no address of an API, and takes no job.
  stack = await startStack([RelayModule, ModelRegistryRole, TrainingRunnerRole]);
  editor = await stack.member('editor');
});
afterAll(() => stack.close());

test('a model that cannot be measured leaves no reproduction waiting for ever', { timeout: 60_000 }, async () => {
  const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
  const attempts = stack.app.get(AttemptsService);
  const trains = async () => {
    const claim = (await stack.app.get(JobsService).claimNext(system, 'a'))!;
    const finish = { outcome: 'succeeded', artifacts: {}, code: 'c', engine: 'e', backend: 'b' } as const;
    await attempts.finish(await attempts.authenticate(claim.token), finish);
  };
  const original = await queuedJob(stack, editor);
  await trains();
  const { runId } = await stack.app.get(ReproductionsService).start(editor, { runId: original.runId });
  await trains();
  const judged = await until(
    'the verdict is said',
    async () => {
      const [row] = await stack.app.get(TrainingView).reproductionsByRuns(editor, [runId]);
      return row!.verdict !== 'PENDING' && row!;
    },
    45_000,
  );
  expect(judged).toMatchObject({
    verdict: 'NOT_COMPARABLE',
    reason: 'the platform could not measure it: the model has no file model.json',
  });
});
