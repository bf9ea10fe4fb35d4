/** What bringing backfills on needs of an owner. */

import type { Owner } from "../owner.ts";
import type { RunLife } from "../run-life.ts";
import type { RunMaker } from "../run-maker.ts";
import type { Versions } from "../versions.ts";

export type BackfillParts = {
  readonly owner: Owner;
  readonly maker: RunMaker;
  readonly life: RunLife;
  readonly versions: Versions;
};
