"use client";
import { ChevronRight, LogOut } from "lucide-react";
import { useMutation } from "@connectrpc/connect-query";
import Link from "next/link";
import { Fragment } from "react";
import { SystemService } from "@millrace/wire/v1";
import { newRequestId } from "../lib/request-id.ts";
import { goToLogin } from "../lib/transport.ts";
import { LiveChip } from "./live-chip.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

export type Crumb = { readonly label: string; readonly href?: string };

/** Where this page is, how fresh it is, and what belongs to the person looking. */
export function TopBar({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  const logout = useMutation(SystemService.method.logout, { onSuccess: goToLogin });
  return (
    <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line px-4 md:px-6">
      <nav aria-label="Breadcrumb" className="flex min-w-0 flex-1 items-center gap-1">
        {crumbs.map((crumb, ix) => (
          <Fragment key={crumb.label}>
            {ix > 0 && <ChevronRight size={14} aria-hidden className="shrink-0 text-muted" />}
            {crumb.href === undefined ? (
              <span aria-current="page" className="truncate font-medium">
                {crumb.label}
              </span>
            ) : (
              <Link
                href={crumb.href}
                className={`text-muted hover:text-text hover:underline ${ix > 0 ? "truncate" : "shrink-0"}`}
              >
                {crumb.label}
              </Link>
            )}
          </Fragment>
        ))}
      </nav>
      <LiveChip />
      <div className="hidden sm:block">
        <ThemeSwitch />
      </div>
      <button
        type="button"
        aria-label="Log out"
        title="Log out"
        onClick={() => logout.mutate({ requestId: newRequestId() })}
        className="ghost-transition hidden size-7 shrink-0 place-items-center rounded-control text-muted hover:bg-hover hover:text-text sm:grid"
      >
        <LogOut size={15} aria-hidden />
      </button>
    </header>
  );
}
