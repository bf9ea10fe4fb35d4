"use client";
import { useQuery } from "@connectrpc/connect-query";
import { Cpu, ListTree, Workflow } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { SystemService } from "@millrace/wire/v1";
import { Logo } from "./logo.tsx";

const places = [
  { href: "/dags", label: "DAGs", Icon: Workflow },
  { href: "/runs", label: "Runs", Icon: ListTree },
  { href: "/workers", label: "Workers", Icon: Cpu },
] as const;

/** The places there are: at the left, or along the bottom of a phone. */
export function Rail() {
  const pathname = usePathname();
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
        {places.map(({ href, label, Icon }) => (
          <li key={href} className="flex-1">
            <Link
              href={href}
              title={label}
              aria-current={pathname.startsWith(href) ? "page" : undefined}
              className="ghost-transition flex h-full flex-col items-center justify-center gap-0.5 text-label text-muted hover:text-text aria-[current]:text-accent md:h-9 md:flex-row md:justify-start md:gap-2.5 md:rounded-control md:px-2.5 md:text-body md:hover:bg-hover md:aria-[current]:bg-selected md:aria-[current]:font-medium"
            >
              <Icon size={17} aria-hidden />
              <span className="md:sr-only xl:not-sr-only">{label}</span>
            </Link>
          </li>
        ))}
      </ul>
      <Version />
    </nav>
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
