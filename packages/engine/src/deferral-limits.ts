/** Of what a deferred task waits for: a form and a watch. Characters, or bytes where the name says so. */
export const deferralLimits = {
  subjectLength: 250,
  bodyBytes: 16 * 1024,
  schemaBytes: 64 * 1024,
  assignees: 100,
  assigneeLength: 250,
  handlerLength: 250,
  summaryLength: 250,
} as const;
