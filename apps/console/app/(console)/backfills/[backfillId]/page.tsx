import type { Metadata } from "next";
import { BackfillPage } from "./_components/backfill-page.tsx";

export const metadata: Metadata = { title: "Backfill" };

type Props = { readonly params: Promise<{ readonly backfillId: string }> };

export default async function Page({ params }: Props) {
  const { backfillId } = await params;
  return <BackfillPage backfillId={decodeURIComponent(backfillId)} />;
}
