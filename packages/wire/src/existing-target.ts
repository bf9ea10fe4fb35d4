/**
 * The key under which a worker leaves the name of the target that was there already, for which the body was not run
 * (docs/targets.md), as codec JSON. Left with a success, by workers of any language.
 */
export const existingTargetKey = "millrace.existing_target";
