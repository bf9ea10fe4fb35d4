/** What makes a task more than "runs once all before it succeeded"; the ordinary path looks at no more than these bits. */

export const traits = {
  /** It has `each`, or is in a mapped group. */
  isMapped: 1,
  /** Setups or a teardown's scope have a say in it, or it counts setups: its tally is a wide one. */
  isScoped: 2,
  /** Other than its children, tasks wait for it as a setup or as part of their scope. */
  hasLinks: 4,
  /** A branch or a short circuit is directly before it. */
  isChosen: 8,
  /** Something is mapped over its value. */
  isMapSource: 16,
  /** Its trigger rule is not all_success. */
  hasRule: 32,
  /** It is in a mapped group with something before it. */
  hasMates: 64,
} as const;
