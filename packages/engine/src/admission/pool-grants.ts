/**
 * How the slots of a pool are dealt out to shards. Each owner settles for its own shards, one after the other, and sees what all
 * hold and lack: pure, so that any two owners would come to the same.
 */

import type { EpochMs } from "../spec/spec.ts";

export type PoolGrantRow = {
  readonly shard: number;
  /** Slots that it may use. */
  readonly slots: number;
  /** Slots that its waiting tasks lack beyond those, and how many it lacks before the next of them can start. */
  readonly wanted: number;
  readonly least: number;
  /** Since when it has lacked some without being given enough to start one; null when it lacks none. */
  readonly since: EpochMs | null;
  /** Whether somebody owns the shard: nothing is kept for what nobody would use. */
  readonly isLive: boolean;
};

/** What an owner knows of its shard. */
export type OwnPoolUse = {
  readonly shard: number;
  /** Slots that are in use. */
  readonly used: number;
  /** Slots that its waiting tasks would take beyond those, and how many the next of them takes. */
  readonly wanted: number;
  readonly least: number;
  /** It was given slots just now and is about to use them: they are not taken away again. */
  readonly isFresh: boolean;
};

type Party = {
  readonly shard: number;
  readonly isOwn: boolean;
  readonly isFresh: boolean;
  slots: number;
  /** Of an own shard: slots held and not in use. */
  idle: number;
  /** Slots that its waiting tasks lack, and how many of them before one can start. */
  lack: number;
  missing: number;
  readonly use: OwnPoolUse | null;
  readonly since: EpochMs;
};

/**
 * What own shards hold and lack from now on. The sum over all shards is never raised above `total`.
 *
 * Whoever lacks slots is given them in the order in which they have waited: first what lets one task start, then up to an equal
 * share, then the rest; whoever could start one goes to the end. What is not in use goes back when somebody lacks it who has waited
 * for longer, or has less than an equal share. So a shard that lacks slots comes to its turn after each other has had one.
 */
export function settleGrants(
  total: number,
  rows: readonly PoolGrantRow[],
  own: readonly OwnPoolUse[],
  now: EpochMs,
): PoolGrantRow[] {
  const parties = partiesOf(rows, own, now);
  const contenders = parties.filter((party) => party.slots > 0 || party.lack > 0).length;
  const share = Math.floor(total / Math.max(1, contenders));
  for (const party of parties) giveBack(party, parties, share, total);
  deal(parties, share, total);
  return parties.filter((party) => party.isOwn).map((party) => rowOf(party, now));
}

/** Who has waited for longer goes first. Of those that began to wait together one does too: else each would keep what the others lack. */
function inTurn(a: Party, b: Party): number {
  return a.since - b.since || a.shard - b.shard;
}

function heldBy(parties: readonly Party[]): number {
  return parties.reduce((all, party) => all + party.slots, 0);
}

function giveBack(party: Party, parties: readonly Party[], share: number, total: number): void {
  if (party.use === null || party.idle === 0) return;
  const rivals = parties.filter((other) => other !== party && other.lack > 0);
  const excess = heldBy(parties) - total;
  const unused = rivals.length > 0 ? party.idle - party.use.wanted : 0;
  const isUrgent = rivals.some((rival) => rival.missing > 0 && inTurn(rival, party) < 0);
  const isShort = rivals.some((rival) => rival.missing > 0 || rival.slots < share);
  const above = isUrgent ? party.idle : isShort ? party.slots - share : 0;
  const given = Math.min(party.idle, Math.max(0, unused, party.isFresh ? 0 : above, excess));
  hand(party, -given);
}

function deal(parties: readonly Party[], share: number, total: number): void {
  let free = Math.max(0, total - heldBy(parties));
  const waiting = parties.filter((party) => party.lack > 0).toSorted(inTurn);
  const upTo = [
    (party: Party) => party.missing,
    (party: Party) => share - party.slots,
    () => Infinity,
  ];
  for (const most of upTo)
    for (const party of waiting) {
      const count = Math.max(0, Math.min(free, party.lack, most(party)));
      free -= count;
      // What is meant for others stays where it is until they take it.
      hand(party, count);
    }
}

function hand(party: Party, count: number): void {
  party.slots += count;
  if (party.use === null) {
    party.lack -= count;
    party.missing = Math.max(0, party.missing - count);
    return;
  }
  party.idle += count;
  Object.assign(party, lackOf(party.use, party.idle));
}

function lackOf({ wanted, least }: OwnPoolUse, idle: number): Pick<Party, "lack" | "missing"> {
  return { lack: Math.max(0, wanted - idle), missing: wanted > 0 ? Math.max(0, least - idle) : 0 };
}

function rowOf({ shard, slots, lack, missing, since }: Party, now: EpochMs): PoolGrantRow {
  return {
    shard,
    slots,
    wanted: lack,
    least: lack > 0 ? missing : 0,
    since: lack === 0 ? null : missing === 0 ? now : since,
    isLive: true,
  };
}

function partiesOf(
  rows: readonly PoolGrantRow[],
  own: readonly OwnPoolUse[],
  now: EpochMs,
): Party[] {
  const byShard = new Map(rows.map((row) => [row.shard, row]));
  const ownShards = new Set(own.map((use) => use.shard));
  const ofOthers = rows
    .filter((row) => !ownShards.has(row.shard))
    .map((row) => ({
      ...{ shard: row.shard, slots: row.slots, isOwn: false, isFresh: false, idle: 0, use: null },
      lack: row.isLive ? row.wanted : 0,
      missing: row.isLive ? row.least : 0,
      since: row.since ?? now,
    }));
  const ofOwn = own.map((use) => {
    const row = byShard.get(use.shard);
    // What runs, runs: of a pool that was made smaller nothing comes back but what is idle.
    const slots = Math.max(row?.slots ?? 0, use.used);
    const idle = slots - use.used;
    const { shard, isFresh } = use;
    return {
      ...{ shard, slots, idle, isOwn: true, isFresh, use },
      ...lackOf(use, idle),
      since: row?.since ?? now,
    };
  });
  return [...ofOthers, ...ofOwn].toSorted((a, b) => a.shard - b.shard);
}
