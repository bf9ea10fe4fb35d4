"use client";
import { create } from "@bufbuild/protobuf";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import type { FormEvent } from "react";
import { TaskInstanceService, ValueSchema } from "@millrace/wire/v1";
import type { InputRequest } from "@millrace/wire/v1";
import { encodeJson } from "../../lib/codec.ts";
import { callFailure } from "../../lib/failures.ts";
import { decisionOf } from "../../lib/form/fields.ts";
import type { Choice } from "../../lib/form/schema.ts";
import { newRequestId } from "../../lib/request-id.ts";
import { Button } from "../button.tsx";
import { SchemaFields } from "../form/schema-fields.tsx";
import { SubmitErrors } from "../form/submit-errors.tsx";
import { useSchemaForm } from "../form/use-schema-form.ts";

type Props = {
  readonly request: InputRequest;
  /** Who looks may not answer: the form is shown, and cannot be sent. */
  readonly isReadOnly: boolean;
  readonly onType: () => void;
  readonly onSend: () => void;
  readonly onRefused: () => void;
};

/** The form of a request. When all it needs is one choice, the choices are its buttons. */
export function AnswerForm({ request, isReadOnly, onType, onSend, onRefused }: Props) {
  // One id until the content changes: a lost answer and a second press answer once.
  const [requestId, setRequestId] = useState(newRequestId);
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries();
  const answer = useMutation(TaskInstanceService.method.answerInput, {
    onSuccess: refresh,
    onError: (error) => {
      const failure = callFailure(error);
      onRefused();
      // Somebody was faster: what became of it is read, and shown in place of the form.
      if (failure.reason === "INPUT_NOT_AWAITED") return refresh();
      form.refuse(failure);
      return undefined;
    },
  });
  const form = useSchemaForm(request.form?.schema ?? "", {
    whole: "Answer",
    isReadOnly,
    onChange() {
      onType();
      setRequestId(newRequestId());
      answer.reset();
    },
  });
  const decision = decisionOf(form);
  const send = (choice: Choice | null) => {
    const typed = decision === null || choice === null ? {} : { [decision.path]: choice.json };
    const values = form.read(typed);
    if (values === null) return;
    onSend();
    const { runId, taskId, mapIndex } = request;
    answer.mutate({
      // Another choice is another answer.
      requestId: choice === null ? requestId : `${requestId}-${decision?.choices.indexOf(choice)}`,
      runId,
      taskId,
      values: create(ValueSchema, { data: encodeJson(values) }),
      ...(mapIndex < 0 ? {} : { mapIndex }),
    });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Enter in a field must not decide.
    if (decision === null) send(null);
  };
  return (
    <form onSubmit={submit} noValidate aria-label="Answer" className="space-y-4">
      <SchemaFields
        form={form}
        fields={form.fields.filter((field) => field.path !== decision?.path)}
      />
      <SubmitErrors error={answer.error} marked={Object.keys(form.errors).length} />
      {decision === null ? (
        <Button type="submit" tone="primary" disabled={isReadOnly || answer.isPending}>
          <Check size={14} aria-hidden /> {answer.isPending ? "Sending…" : "Send the answer"}
        </Button>
      ) : (
        <Decision
          label={decision.label}
          description={decision.description}
          choices={decision.choices}
          isDisabled={isReadOnly || answer.isPending}
          onChoose={send}
        />
      )}
    </form>
  );
}

type DecisionProps = {
  readonly label: string;
  readonly description: string;
  readonly choices: readonly Choice[];
  readonly isDisabled: boolean;
  readonly onChoose: (choice: Choice) => void;
};

function Decision({ label, description, choices, isDisabled, onChoose }: DecisionProps) {
  return (
    <div role="group" aria-label={label} className="space-y-1.5 border-t border-line pt-4">
      <p className="font-medium">{label}</p>
      {description !== "" && <p className="text-dense text-muted">{description}</p>}
      <div className="flex flex-wrap gap-2 pt-0.5">
        {choices.map((choice, ix) => (
          <Button
            key={choice.json}
            tone={ix === 0 ? "primary" : "plain"}
            disabled={isDisabled}
            className="min-h-8 min-w-24"
            onClick={() => onChoose(choice)}
          >
            <span className="inline-block first-letter:uppercase">{choice.label}</span>
          </Button>
        ))}
      </div>
    </div>
  );
}
