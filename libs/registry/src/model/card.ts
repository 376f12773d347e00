/** Parts of a model card that no run can tell: Markdown of people. */
export interface CardSections {
  readonly intendedUse?: string;
  readonly limitations?: string;
  readonly notes?: string;
}
