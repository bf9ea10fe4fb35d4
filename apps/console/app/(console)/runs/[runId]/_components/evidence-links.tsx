import Link from "next/link";
import type { Reason } from "@millrace/wire/v1";

const style = "text-accent underline decoration-line-strong/50 hover:decoration-current";

/** To the DAG and the run that a reason is about, where it names them. */
export function EvidenceLinks({ evidence }: { readonly evidence: Reason["evidence"] }) {
  const { dag_id: dagId, run_id: runId, dag } = evidence;
  const hasDag = dagId !== undefined && dag !== "missing";
  if (!hasDag && runId === undefined) return null;
  return (
    <p className="flex flex-wrap gap-x-4">
      {hasDag && (
        <Link href={`/dags/${encodeURIComponent(dagId)}`} className={style}>
          DAG {dagId}
        </Link>
      )}
      {runId !== undefined && (
        <Link href={`/runs/${runId}`} className={style}>
          Run {evidence["run_name"] ?? runId}
        </Link>
      )}
    </p>
  );
}
