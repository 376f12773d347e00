import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Injectable } from '@nestjs/common';
import {
  MODEL_FILES,
  type Bootstrap,
  type EvaluationData,
  type EvaluationRequest,
  type EvaluationResult,
  type ForeignEvaluation,
  type ForeignEvaluationRequest,
} from '#contracts';
import { WorkFolders, type WorkFolder } from '#host';
import { DomainError } from '#kernel';
import { childEntry, runChild } from '#process';
import { DatasetReads } from '#reads/datasets';
import type { VersionFacts } from '#reads/registry';
import { TrainingReads, type JobFacts } from '#reads/training';
import { onnxFile } from '#registry';

const TIMEOUT_MS = 15 * 60_000;
const MAX_HEAP_MB = 4096;

/** A model to be judged: its files, and the run that made it. */
export interface Subject {
  readonly workspaceId: string;
  readonly runId: string | null;
  readonly files: Readonly<Record<string, string>>;
}

/** Lays models and tables out as files and judges them in a child process: hostile files never meet this one. */
@Injectable()
export class ModelWorkbench {
  constructor(
    private readonly folders: WorkFolders,
    private readonly training: TrainingReads,
    private readonly datasets: DatasetReads,
  ) {}

  /** Evaluates `candidate`; with a champion, both on the candidate's test rows, with the differences asked for. Throws BAD_MODEL for files that are broken. */
  async evaluate(candidate: Subject, champion?: Subject, bootstraps: readonly Bootstrap[] = []): Promise<EvaluationResult> {
    return this.folders.use(async (folder) => {
      const input: EvaluationRequest = {
        candidate: await this.layOut(folder, 'candidate', candidate),
        champion: champion && (await this.layOut(folder, 'champion', champion)),
        bootstraps,
      };
      return runChild<EvaluationResult>({
        entry: childEntry(import.meta.url, './evaluation/evaluation.child.js'),
        input,
        timeoutMs: TIMEOUT_MS,
      });
    });
  }

  /** Measures the ONNX file of a model that others trained. Throws BAD_MODEL and BAD_DATA where model and data do not fit, NOT_READY when the data do not stand any more. */
  async evaluateForeign(
    subject: VersionFacts & { readonly workspaceId: string },
    data: EvaluationData,
  ): Promise<ForeignEvaluation> {
    const { workspaceId, scan } = subject;
    const { path, sha256 } = onnxFile(subject);
    const folderOf = (name: string) => posix.dirname(name);
    const siblings = (subject.manifest ?? []).filter((file) => file.path !== path && folderOf(file.path) === folderOf(path));
    await this.checkStanding(workspaceId, data.datasetVersionId);
    const table = (await this.datasets.version(workspaceId, data.datasetVersionId))?.table;
    if (!table) throw new DomainError('NOT_FOUND', `there is no table of the data set version ${data.datasetVersionId}`);
    return this.folders.use(async (folder) => {
      const beside: Record<string, string> = {};
      // Laid out under numbers: their own names are a stranger's.
      for (const [i, file] of siblings.entries())
        beside[posix.basename(file.path)] = await folder.place(workspaceId, file.sha256, `beside-${i}`);
      const input: ForeignEvaluationRequest = {
        beside,
        model: await folder.place(workspaceId, sha256, 'model.onnx'),
        table: await folder.place(workspaceId, table.sha256, 'table.parquet'),
        data,
        described: (scan?.signature?.inputs ?? []).map(({ name }) => name),
      };
      return runChild<ForeignEvaluation>({
        entry: childEntry(import.meta.url, './evaluation/foreign/foreign.child.js'),
        input,
        timeoutMs: TIMEOUT_MS,
        maxOldSpaceMb: MAX_HEAP_MB,
      });
    });
  }

  /** Throws NOT_READY when the data by which a model would be judged anew do not stand any more. */
  async checkData(subject: Subject): Promise<void> {
    await this.checkStanding(subject.workspaceId, (await this.jobOf(subject)).datasetVersionId);
  }

  private async checkStanding(workspaceId: string, datasetVersionId: string): Promise<void> {
    const unfit = await this.datasets.unfitBecause(workspaceId, datasetVersionId);
    if (unfit) throw new DomainError('NOT_READY', `nothing is measured on data that do not stand: ${unfit}`);
  }

  private async layOut(folder: WorkFolder, name: string, subject: Subject): Promise<EvaluationRequest['candidate']> {
    const job = await this.jobOf(subject);
    const dir = join(folder.dir, name);
    await mkdir(dir);
    for (const file of Object.values(MODEL_FILES)) {
      const blob = subject.files[file];
      if (!blob) throw new DomainError('BAD_MODEL', `the model has no file ${file}`);
      await folder.place(subject.workspaceId, blob, join(name, file));
    }
    return { dir, spec: job.spec, trainingTable: await folder.place(subject.workspaceId, job.tableBlob, `${name}.parquet`) };
  }

  private async jobOf(subject: Subject): Promise<JobFacts> {
    if (!subject.runId) throw new DomainError('NOT_FOUND', 'the version names no run, so its spec and table are not known');
    const job = await this.training.jobOfRun(subject.workspaceId, subject.runId);
    if (!job)
      throw new DomainError(
        'NOT_FOUND',
        `run ${subject.runId} was not made by a training job, so its spec and table are not known`,
      );
    return job;
  }
}
