import type { Metadata } from "next";
import { DagPage } from "./_components/dag-page.tsx";

type Props = { readonly params: Promise<{ readonly dagId: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).dagId) };
}

export default async function Page({ params }: Props) {
  return <DagPage dagId={decodeURIComponent((await params).dagId)} />;
}
