/** What bringing backfills on needs of an owner. */

import type { Owner } from "../owner.ts";
import type { RunLife } from "../runs/run-life.ts";
import type { RunMaker } from "../runs/run-maker.ts";
import type { Versions } from "../shards/versions.ts";

export type BackfillParts = {
  readonly owner: Owner;
  readonly maker: RunMaker;
  readonly life: RunLife;
  readonly versions: Versions;
};
