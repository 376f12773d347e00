/** Ids as MLflow's clients know them: a run is 32 hex digits, a logged model `m-` and 32 hex digits; ours say their kind before the same digits. */
const HEX = /^[0-9a-f]{32}$/;

export const toRunId = (id: string): string => (HEX.test(id) ? `run_${id}` : id);
/** Only the digits lose their prefix: a version may name a run of elsewhere, `run_id_1` say, which stays as it was written. */
export const fromRunId = (id: string): string =>
  id.length === 36 && id.startsWith('run_') && HEX.test(id.slice(4)) ? id.slice(4) : id;

export const toLoggedModelId = (id: string): string => (id.startsWith('m-') ? `lgm_${id.slice(2)}` : id);
export const fromLoggedModelId = (id: string): string => `m-${id.slice(4)}`;
