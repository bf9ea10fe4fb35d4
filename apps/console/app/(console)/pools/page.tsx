import type { Metadata } from "next";
import { PoolList } from "./_components/pool-list.tsx";

export const metadata: Metadata = { title: "Pools" };

export default function PoolsPage() {
  return <PoolList />;
}
