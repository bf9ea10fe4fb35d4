import type { ReactNode } from "react";
import { Providers } from "../../components/providers.tsx";
import { Rail } from "../../components/rail.tsx";
import { Shortcuts } from "../../components/shortcuts.tsx";

type Props = { readonly children: ReactNode };

/** The shell of every page behind the login. */
export default function ConsoleLayout({ children }: Props) {
  return (
    <Providers>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-control bg-accent px-3 py-1.5 text-on-accent focus:translate-y-0"
      >
        Skip to content
      </a>
      <div className="flex h-dvh overflow-hidden">
        <Rail />
        <main
          id="main"
          tabIndex={-1}
          className="flex min-w-0 flex-1 flex-col pb-14 outline-none md:pb-0"
        >
          {children}
        </main>
      </div>
      <Shortcuts />
    </Providers>
  );
}
