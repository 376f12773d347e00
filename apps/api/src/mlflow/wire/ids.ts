/** Ids as MLflow's clients know them: a run is 32 hex digits, a logged model `m-` and 32 hex digits; ours say their kind before the same digits. */
const HEX = /^[0-9a-f]{32}$/;

export const toRunId = (id: string): string => (HEX.test(id) ? `run_${id}` : id);
export const fromRunId = (id: string): string => (id.startsWith('run_') ? id.slice(4) : id);

export const toLoggedModelId = (id: string): string => (id.startsWith('m-') ? `lgm_${id.slice(2)}` : id);
export const fromLoggedModelId = (id: string): string => `m-${id.slice(4)}`;
