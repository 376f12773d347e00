import { edge, edgeIf, part, type Rules } from './rule.js';

export const DATA_RULES: Rules = {
  'dataset.created': ({ datasetId: id, name: label, project }) => part([{ id, label, project }]),
  'dataset_version.created': ({ versionId: id, datasetId, number, parentId, blob }) =>
    part(
      [{ id, label: `version ${number}`, within: datasetId, state: 'PENDING' }],
      [edge(id, 'version_of', datasetId), edge(id, 'stored_as', blob), ...edgeIf(id, 'derived_from', parentId)],
    ),
  'dataset_version.validated': ({ versionId: id, datasetId }) => part([{ id, within: datasetId, state: 'VALIDATED' }]),
  'dataset_version.validation_failed': ({ versionId: id, datasetId }) =>
    part([{ id, within: datasetId, state: 'INVALID', gone: true }]),
  'dataset_version.retracted': ({ versionId: id, datasetId }) =>
    part([{ id, within: datasetId, state: 'RETRACTED', gone: true }]),
};
