export { compareSchemas } from './model/schema-check.js';
export { FORMATS, type DatasetFormat, type DatasetVersionState } from './model/dataset-version.js';
export { DatasetsModule } from './datasets.module.js';
export { DatasetsService, type ValidationResult } from './datasets.service.js';
export { DriftService } from './drift.service.js';
export { DatasetsView, type DatasetRow, type DatasetVersionRow } from './datasets.view.js';
