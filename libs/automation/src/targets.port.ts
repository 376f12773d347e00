export const TARGETS_PORT = Symbol('TargetsPort');

/** What the action of a trigger names, as its domain has it now: the project whose rights count. */
export interface Target {
  readonly project: string;
}

/** Looks up what actions name by id, in the domains; bound where they are put together. Each answers undefined for what is not there, or is deleted. */
export interface TargetsPort {
  template(workspaceId: string, id: string): Promise<Target | undefined>;
  dataset(workspaceId: string, id: string): Promise<Target | undefined>;
  /** `stages`: those of its flow. */
  model(workspaceId: string, id: string): Promise<(Target & { readonly stages: readonly string[] }) | undefined>;
  modelVersion(workspaceId: string, id: string): Promise<(Target & { readonly modelId: string }) | undefined>;
  /** `modelId`: the model whose versions it serves. */
  endpoint(workspaceId: string, id: string): Promise<(Target & { readonly modelId: string }) | undefined>;
}
