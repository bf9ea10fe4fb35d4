import type { Metadata } from "next";
import { AssetGraphPage } from "./_components/asset-graph-page.tsx";

export const metadata: Metadata = { title: "Graph of assets" };

export default function Page() {
  return <AssetGraphPage />;
}
