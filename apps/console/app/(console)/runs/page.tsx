import type { Metadata } from "next";
import { RunsTable } from "../../../components/runs-table.tsx";
import { TopBar } from "../../../components/top-bar.tsx";

export const metadata: Metadata = { title: "Runs" };

export default function RunsPage() {
  return (
    <>
      <TopBar crumbs={[{ label: "Runs" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] pt-5">
          <h1 className="px-4 text-title font-semibold tracking-tight md:px-6">Runs</h1>
          <RunsTable dagId={null} />
        </div>
      </div>
    </>
  );
}
