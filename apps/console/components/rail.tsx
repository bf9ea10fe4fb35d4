"use client";
import { useQuery } from "@connectrpc/connect-query";
import { Cpu, Database, Gauge, Hand, History, ListTree, Network, Workflow } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { SystemService } from "@millrace/wire/v1";
import { useOpenInputs } from "./input/use-input-requests.ts";
import { Logo } from "./logo.tsx";

type Place = {
  readonly href: string;
  readonly label: string;
  /** On a phone, where the label has no room. */
  readonly short?: string;
  readonly Icon: LucideIcon;
};

const places: readonly Place[] = [
  { href: "/dags", label: "DAGs", Icon: Workflow },
  { href: "/runs", label: "Runs", Icon: ListTree },
  { href: "/dependencies", label: "Dependencies", short: "Depends", Icon: Network },
  { href: "/backfills", label: "Backfills", Icon: History },
  { href: "/assets", label: "Assets", Icon: Database },
  { href: "/inputs", label: "Inputs", Icon: Hand },
  { href: "/pools", label: "Pools", Icon: Gauge },
  { href: "/workers", label: "Workers", Icon: Cpu },
];

/** The places there are: at the left, or along the bottom of a phone. */
export function Rail() {
  const pathname = usePathname();
  const open = useOpenInputs();
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 flex h-14 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:static md:h-dvh md:w-[52px] md:shrink-0 md:flex-col md:border-t-0 md:border-r xl:w-[196px]"
    >
      <Link
        href="/dags"
        aria-label="Millrace, to the DAGs"
        className="hidden h-12 items-center gap-2 px-3.5 text-section font-semibold tracking-tight md:flex"
      >
        <Logo size={22} />
        <span className="hidden xl:inline">Millrace</span>
      </Link>
      <ul className="flex flex-1 md:block md:space-y-0.5 md:px-2 md:py-2">
        {places.map(({ href, label, short = label, Icon }) => (
          <li key={href} className="min-w-0 flex-1">
            <Link
              href={href}
              title={label}
              aria-current={pathname.startsWith(href) ? "page" : undefined}
              className="ghost-transition relative flex h-full flex-col items-center justify-center gap-0.5 text-label text-muted hover:text-text aria-[current]:text-accent md:h-9 md:flex-row md:justify-start md:gap-2.5 md:rounded-control md:px-2.5 md:text-body md:hover:bg-hover md:aria-[current]:bg-selected md:aria-[current]:font-medium"
            >
              <Icon size={17} aria-hidden />
              <span className="text-[10px] md:hidden">{short}</span>
              <span className="sr-only max-md:hidden xl:not-sr-only">{label}</span>
              {href === "/inputs" && open !== "" && <OpenBadge count={open} />}
            </Link>
          </li>
        ))}
      </ul>
      <Version />
    </nav>
  );
}

/** How many questions wait for an answer; over the picture where there is no word beside it. */
function OpenBadge({ count }: { readonly count: string }) {
  return (
    <span
      data-testid="open-inputs"
      data-state="needs_input"
      className="absolute top-1 left-[calc(50%+4px)] grid h-4 min-w-4 place-items-center rounded-full bg-(--c) px-1 text-[10px] leading-none font-semibold text-(--on) md:top-0.5 md:left-[19px] xl:static xl:ml-auto"
    >
      {count}
      <span className="sr-only"> open</span>
    </span>
  );
}

function Version() {
  const { data } = useQuery(SystemService.method.getVersion, {}, { staleTime: 60_000 });
  return (
    <p className="hidden truncate px-3.5 py-3 font-mono text-label text-muted md:block">
      {data === undefined ? "\u00a0" : <span title="Version of the server">{data.version}</span>}
    </p>
  );
}
