"use client";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import type { ReactNode } from "react";
import { callFailure } from "../lib/failures.ts";
import { transport } from "../lib/transport.ts";

/** Pages without a stream ask again this often, while they are visible. */
export const pollMs = 5_000;

const retriesMax = 3;

export function Providers({ children }: { readonly children: ReactNode }) {
  const [queryClient] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 1_000,
            // The browser's own idea of being online is about the network card, not about our server.
            networkMode: "always",
            retry: (failures, error) => failures < retriesMax && callFailure(error).canRetry,
            retryDelay: (failures) => Math.min(500 * 2 ** failures, pollMs),
          },
          mutations: { networkMode: "always" },
        },
      }),
  );
  return (
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </TransportProvider>
  );
}
