export { AttemptsService } from './attempts.service.js';
export { JobsService, type ClaimedJob } from './jobs.service.js';
export { afterFailure, JOB_STATES, type Failure, type JobState } from './model/training-job.js';
export { type Figure, type MetricComparison, type ReproductionReport, type Verdict } from './model/reproduction.js';
export { ReproductionsService, type NewReproduction } from './reproductions.service.js';
export { RUN_BOOK, type RunBook } from './run-book.port.js';
export { TemplatesService, type TemplateInput } from './templates.service.js';
export { TrainingModule } from './training.module.js';
export { type TrainingOptions } from './training.options.js';
export {
  TrainingView,
  type ReproductionRow,
  type TemplateRow,
  type TrainingAttemptRow,
  type TrainingJobRow,
} from './training.view.js';
