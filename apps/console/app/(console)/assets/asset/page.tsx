import type { Metadata } from "next";
import { AssetPage } from "./_components/asset-page.tsx";

export const metadata: Metadata = { title: "Asset" };

export default function Page() {
  return <AssetPage />;
}
