import type { Pool } from "@millrace/wire/v1";
import { formatCount } from "../../../../lib/format.ts";

/** How full a pool is: what runs, what is deferred and counts, what is open. In words for those who cannot see it. */
export function UsageBar({ pool }: { readonly pool: Pool }) {
  const { slots, running, open } = pool;
  if (slots === 0)
    return (
      <p className="text-muted">
        No limit{pool.name === "default_pool" ? "; nothing is counted" : ""}
      </p>
    );
  const deferred = pool.includeDeferred ? pool.deferred : 0;
  const used = running + deferred;
  const all = Math.max(slots, used, 1);
  const parts = [
    { count: running, state: "running" },
    { count: deferred, state: "deferred" },
  ];
  const text = `${formatCount(used)} of ${formatCount(slots)} slots in use, ${formatCount(open)} open`;
  return (
    <div className="flex items-center gap-2" title={text}>
      <span
        role="img"
        aria-label={text}
        className="flex h-2 w-16 overflow-hidden sm:w-36 rounded-full border border-line bg-surface"
      >
        {parts.map(({ count, state }) => (
          <span
            key={state}
            data-state={state}
            className="bg-(--c)"
            style={{ width: `${(100 * count) / all}%` }}
          />
        ))}
      </span>
      <span className="whitespace-nowrap tabular-nums">
        {formatCount(used)} / {formatCount(slots)}
      </span>
    </div>
  );
}
