import type { Metadata } from "next";
import { BackfillsPage } from "./_components/backfills-page.tsx";

export const metadata: Metadata = { title: "Backfills" };

export default function Page() {
  return <BackfillsPage />;
}
