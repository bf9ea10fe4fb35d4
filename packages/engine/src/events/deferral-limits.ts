/** Of what a deferred task waits for: a form, a watch, other DAGs. Characters, or bytes where the name says so. */
export const deferralLimits = {
  subjectLength: 250,
  bodyBytes: 16 * 1024,
  schemaBytes: 64 * 1024,
  assignees: 100,
  assigneeLength: 250,
  handlerLength: 250,
  summaryLength: 250,
  /** Logical dates of runs of another DAG, and tasks or groups in them. */
  externalDates: 1000,
  externalParts: 1000,
} as const;
