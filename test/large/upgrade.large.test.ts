import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aTemplate, aTraining, checkInvariants, jobWhen, penguins, quickSpec, readJob, ROOT, startPlatform } from '#testing';

const exec = promisify(execFile);
const PREVIOUS = 'HEAD~1';

/** Why there is no earlier build to begin with, with the command that brings it; undefined when there is one. */
function missing(): string | undefined {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  if (git('--version').error) return 'git not found: apt-get install git';
  if (git('cat-file', '-e', `${PREVIOUS}:apps/platform/src/main.ts`).status !== 0)
    return 'the previous commit not found here: git fetch --deepen=1';
  return undefined;
}

const reason = missing();
describe.skipIf(reason)(
  reason ? `a home of the previous commit (skipped: ${reason})` : 'a home of the previous commit',
  { timeout: 90_000 },
  () => {
    let root: string;
    let dir: string;

    beforeAll(async () => {
      // Inside node_modules, so that a build, which renames files out of there, stays on one file system.
      root = await mkdtemp(join(ROOT, 'node_modules', '.previous-'));
      dir = await mkdtemp(join(tmpdir(), 'tailrace-previous-'));
      const archive = join(dir, 'previous.tar');
      await exec('git', ['archive', '--format=tar', `--output=${archive}`, PREVIOUS], { cwd: ROOT });
      await exec('tar', ['-xf', archive, '-C', root]);
      await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
      await exec(process.execPath, [join(root, 'infra', 'build.mjs')], { cwd: root });
    });
    afterAll(() => Promise.all([root, dir].map((path) => rm(path, { recursive: true, force: true }))));

    test('opens in this build, with all that is in it, and goes on', async () => {
      const home = join(dir, 'home');
      const before = await startPlatform({ home, root });
      const { datasetId, versionId } = await penguins(before.client());
      const templateId = await aTemplate(before.client(), { datasetId, spec: quickSpec(), registerAs: 'penguins' });
      const job = await aTraining(before.client(), templateId);
      const done = await jobWhen(before.client(), job.id, 'has a version', ({ modelVersions }) => modelVersions.length > 0);
      await before.stop();

      const now = await startPlatform({ home });
      try {
        expect(now.token).toBe(before.token);
        expect(await readJob(now.client(), job.id)).toEqual(done);
        const version = await now
          .client()
          .query('query ($id: ID!) { datasetVersion(id: $id) { state dataset { id } } }', { id: versionId });
        expect(version).toEqual({ datasetVersion: { state: 'VALIDATED', dataset: { id: datasetId } } });
        for (const { blob } of done.run.artifacts) expect((await now.client().fetch(`/v1/blobs/${blob}`)).status).toBe(200);
        const next = await aTraining(now.client(), templateId);
        const { modelVersions } = await jobWhen(now.client(), next.id, 'has a version', (view) => view.modelVersions.length > 0);
        expect(modelVersions[0]!.number).toBe(2);
        await checkInvariants(now.databaseUrl);
      } finally {
        await now.stop();
      }
    });
  },
);
