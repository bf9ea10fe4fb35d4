"use client";
import { useQuery } from "@connectrpc/connect-query";
import type { ComponentType, ReactNode } from "react";
import { DagService, type Dag } from "@millrace/wire/v1";
import { DialogFrame } from "./dialog-frame.tsx";
import { DialogHead } from "./dialog-head.tsx";
import { Unanswered } from "./faces.tsx";

export type DagDialogProps = {
  /** Which DAG is asked about; null when the dialog is closed. */
  readonly dagId: string | null;
  readonly onClose: () => void;
};

type Parts = {
  readonly verb: string;
  /** What the dialog does, in a sentence or two. The DAG is undefined until it is read. */
  readonly about: (dag: Dag | undefined) => ReactNode;
  readonly Form: ComponentType<{ readonly dag: Dag; readonly onClose: () => void }>;
};

/** A dialog about a DAG, with a form that needs it. */
export function DagDialog({ dagId, ...rest }: DagDialogProps & Parts) {
  return (
    <DialogFrame isOpen={dagId !== null} onClose={rest.onClose}>
      {dagId !== null && <Content dagId={dagId} {...rest} />}
    </DialogFrame>
  );
}

type ContentProps = DagDialogProps & Parts & { readonly dagId: string };

function Content({ dagId, onClose, verb, about, Form }: ContentProps) {
  // Read anew each time: the DAG may have changed since the page was drawn.
  const query = useQuery(DagService.method.getDag, { dagId }, { staleTime: 0, gcTime: 0 });
  const dag = query.data?.dag;
  return (
    <>
      <DialogHead verb={verb} subject={dagId}>
        {about(dag)}
      </DialogHead>
      {dag !== undefined ? (
        <Form dag={dag} onClose={onClose} />
      ) : (
        <Unanswered query={query} what={`${dagId} could not be read`} rows={4} />
      )}
    </>
  );
}
