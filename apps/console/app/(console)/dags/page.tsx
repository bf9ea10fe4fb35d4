import type { Metadata } from "next";
import { DagList } from "./_components/dag-list.tsx";

export const metadata: Metadata = { title: "DAGs" };

export default function DagsPage() {
  return <DagList />;
}
