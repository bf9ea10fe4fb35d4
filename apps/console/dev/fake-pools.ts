import { Code } from "@connectrpc/connect";
import { refusal } from "./fake-errors.ts";
import type { FakeWorld } from "./fake-world.ts";

type Row = {
  readonly name: string;
  readonly slots: number;
  readonly description: string;
  readonly includeDeferred: boolean;
};

const start: readonly Row[] = [
  {
    name: "default_pool",
    slots: 0,
    description: "Tasks that name no pool.",
    includeDeferred: false,
  },
  { name: "gpu", slots: 2, description: "The two cards of the lab.", includeDeferred: false },
  {
    name: "warehouse",
    slots: 8,
    description: "Connections to the warehouse.",
    includeDeferred: true,
  },
];

/** Pools with use that follows what runs. */
export function poolService(world: FakeWorld) {
  const pools = new Map(start.map((row) => [row.name, row]));
  const find = (name: string): Row => {
    const row = pools.get(name);
    if (row !== undefined) return row;
    throw refusal(Code.NotFound, "POOL_NOT_FOUND", `There is no pool "${name}".`);
  };
  const shown = (row: Row) => {
    const running = row.slots === 0 ? 0 : Math.min(row.slots, world.running());
    const deferred = row.includeDeferred ? Math.min(1, row.slots - running) : 0;
    const open = Math.max(0, row.slots - running - deferred);
    return { ...row, running, deferred, open, waiting: row.slots > 0 && open === 0 ? 5 : 0 };
  };
  return {
    listPools: () => ({
      pools: [...pools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(shown),
    }),
    getPool: ({ name }: { name: string }) => ({ pool: shown(find(name)) }),
    createPool(request: Omit<Row, "slots"> & { slots?: number | undefined }) {
      const { name, slots = 0, description, includeDeferred } = request;
      if (pools.has(name))
        throw refusal(Code.AlreadyExists, "POOL_EXISTS", `There is a pool "${name}" already.`);
      const row = { name, slots, description, includeDeferred };
      pools.set(name, row);
      return { pool: shown(row) };
    },
    updatePool(request: {
      name: string;
      slots?: number | undefined;
      unlimited: boolean;
      description?: string | undefined;
      includeDeferred?: boolean | undefined;
    }) {
      const known = find(request.name);
      const row = {
        name: request.name,
        slots: request.unlimited ? 0 : (request.slots ?? known.slots),
        description: request.description ?? known.description,
        includeDeferred: request.includeDeferred ?? known.includeDeferred,
      };
      pools.set(row.name, row);
      return { pool: shown(row) };
    },
    deletePool({ name }: { name: string }) {
      find(name);
      pools.delete(name);
      return {};
    },
  };
}
