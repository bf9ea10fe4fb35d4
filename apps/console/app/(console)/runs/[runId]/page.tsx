import type { Metadata } from "next";
import { RunPage } from "./_components/run-page.tsx";

export const metadata: Metadata = { title: "Run" };

type Props = { readonly params: Promise<{ readonly runId: string }> };

export default async function Page({ params }: Props) {
  const { runId } = await params;
  return <RunPage runId={decodeURIComponent(runId)} />;
}
