/** What the checks that look at a DAG as a whole are given: made once, for groups that are a tree. */

import type { MapScopes } from "../graph/map-scope.ts";
import type { Problems } from "../spec/problems.ts";
import type { Reach } from "./reach.ts";
import type { DagSpec, TaskSpec } from "../spec/spec.ts";

export type SpecFacts = {
  readonly spec: DagSpec;
  /** By id; of several with one id the last. */
  readonly tasks: ReadonlyMap<string, TaskSpec>;
  readonly scopes: MapScopes;
  readonly reach: Reach;
  readonly problems: Problems;
};
