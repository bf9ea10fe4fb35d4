/** Inputs of a seed: runs of DAGs with dates wait for instances of assets, which come early, late, or only when somebody helps. */

import {
  compileDag,
  type DagSpec,
  type DatedAsset,
  type InputsSpec,
  type InputTerm,
} from "@millrace/engine";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";
import { lackingInstances } from "../check/inputs.ts";
import { assetOf, tellOf, uris } from "./assets.ts";
import { fireKeyFormat } from "./partitions.ts";

const minuteMs = 60_000;
const tellEveryMs = 8_000;
const helpEveryMs = 2_000;
const drawsMax = 20;

/** DAGs whose runs have dates wait for what is due by then. */
export function withInputs(
  random: Random,
  spec: DagSpec,
  { now, faultMs }: { readonly now: number; readonly faultMs: number },
): DagSpec {
  if (random.chance(0.2)) return spec;
  const dated = spec.schedule === null ? { ...spec, ...someDates(random, now, faultMs) } : spec;
  // A continuous schedule has one run at a time, and that would wait.
  const kinds: readonly string[] = ["cron", "cron_interval", "delta", "delta_interval", "events"];
  if (!kinds.includes(dated.schedule!.kind)) return spec;
  for (let draws = 0; draws < drawsMax; draws++) {
    const inputs = someInputs(random, now);
    if (isSound({ ...dated, inputs })) return { ...dated, inputs };
  }
  return spec;
}

function someDates(random: Random, now: number, faultMs: number) {
  const at = Array.from({ length: 1 + random.below(5) }, () =>
    Math.floor(now + random.between(0, faultMs * 0.7)),
  );
  const schedule = { kind: "events", at: [...new Set(at)].toSorted((a, b) => a - b) } as const;
  return { schedule, startDate: now, endDate: Math.floor(now + faultMs * 0.8), catchup: true };
}

function isSound(spec: DagSpec): boolean {
  try {
    compileDag(spec);
    return true;
  } catch {
    return false;
  }
}

function someInputs(random: Random, now: number): InputsSpec {
  const term = aTerm(random, now, 2);
  return {
    term: term.name === "" ? { ...term, name: "all" } : term,
    timeoutMs: random.chance(0.4) ? 1_000 * (10 + random.below(60)) : null,
    order: random.pick(["oldest", "oldest", "newest", "last", "none"] as const),
  };
}

function aDated(random: Random, now: number): DatedAsset {
  const from = now + (random.below(4) - 2) * minuteMs;
  return {
    asset: assetOf(random.pick(uris)),
    every: random.chance(0.7) ? "* * * * *" : "*/5 * * * *",
    ...{ timezone: "UTC", format: fireKeyFormat, from: random.chance(0.2) ? from : null },
  };
}

function aTerm(random: Random, now: number, depth: number): InputTerm {
  const own = {
    name: random.chance(0.6) ? `n${random.below(1_000)}` : "",
    min: random.chance(0.4) ? random.below(3) : null,
    waitMs: random.chance(0.4) ? 1_000 * (2 + random.below(30)) : null,
  };
  const plain = (): InputTerm => {
    if (random.chance(0.3)) {
      const within = 2 + random.below(4);
      const count = 1 + random.below(within);
      return { ...own, kind: "latest", of: aDated(random, now), count, within };
    }
    const from = random.below(4) - 3;
    return {
      ...own,
      kind: "instances",
      of: aDated(random, now),
      ...{ from, to: from + random.below(3) },
    };
  };
  if (depth === 0 || random.chance(0.4)) return plain();
  const kind = random.pick(["all_of", "first_of", "first_of", "combine"] as const);
  if (kind !== "combine") {
    const terms = [0, 1].map(() => aTerm(random, now, depth - 1));
    return { ...own, kind, terms };
  }
  const [from, of] = [random.below(4) - 3, aDated(random, now)];
  const to = from + random.below(3);
  const terms = uris.slice(0, 2).map((uri): InputTerm => ({
    ...{ kind: "instances", name: "", min: null, waitMs: null, from, to },
    of: { ...of, asset: assetOf(uri) },
  }));
  return { ...own, kind, terms };
}

export type Helper = {
  /** From now on what runs lack comes. */
  help(): void;
};

/** Instances come about their time; now and then nobody hears the bell. */
export function startInputs(world: World, plan: Plan): Helper {
  const random = world.random.fork("inputs over time");
  const tell = (uri: string, at: number): void =>
    tellOf(world, uri, instanceKey(at), random.chance(0.8));
  for (let ms = 0; ms < plan.faultMs; ms += random.between(0, 2 * tellEveryMs)) {
    const uri = random.pick(uris);
    const step = random.below(6) - 4;
    world.machine.after(ms, null, () => tell(uri, world.databaseNow() + step * minuteMs));
  }
  return {
    help() {
      world.machine.after(helpEveryMs, null, () => {
        for (const { uri, at } of lackingInstances(world)) if (random.chance(0.3)) tell(uri, at);
        this.help();
      });
    },
  };
}

/** The minute of an instance. */
function instanceKey(at: number): string {
  return new Date(at).toISOString().slice(0, 16);
}
