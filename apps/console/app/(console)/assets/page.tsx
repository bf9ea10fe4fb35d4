import type { Metadata } from "next";
import { AssetList } from "./_components/asset-list.tsx";

export const metadata: Metadata = { title: "Assets" };

export default function AssetsPage() {
  return <AssetList />;
}
