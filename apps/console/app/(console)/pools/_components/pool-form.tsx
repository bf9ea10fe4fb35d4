"use client";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import type { FormEvent } from "react";
import { PoolService } from "@millrace/wire/v1";
import type { Pool } from "@millrace/wire/v1";
import { Button } from "../../../../components/button.tsx";
import { callFailure } from "../../../../lib/failures.ts";
import { newRequestId } from "../../../../lib/request-id.ts";

type Props = { readonly pool: Pool | null; readonly onClose: () => void };

const slotsMax = 1_000_000;
const defaultPool = "default_pool";
const input =
  "h-8 w-full rounded-control border border-line-strong/50 bg-raised px-2.5 text-body disabled:opacity-55";

/** The fields of a pool. What the server refuses is said below them, in its words. */
export function PoolForm({ pool, onClose }: Props) {
  const id = useId();
  const queryClient = useQueryClient();
  const [name, setName] = useState(pool?.name ?? "");
  const [slots, setSlots] = useState(pool === null ? "8" : String(pool.slots || ""));
  const [isUnlimited, setIsUnlimited] = useState(pool?.slots === 0);
  const [description, setDescription] = useState(pool?.description ?? "");
  const [includeDeferred, setIncludeDeferred] = useState(pool?.includeDeferred ?? false);
  const [isDeleting, setIsDeleting] = useState(false);
  // The same change sent again is the same request.
  const requestId = useRef({ of: "", id: "" });
  const done = async () => {
    await queryClient.invalidateQueries();
    onClose();
  };
  const create = useMutation(PoolService.method.createPool, { onSuccess: done });
  const update = useMutation(PoolService.method.updatePool, { onSuccess: done });
  const remove = useMutation(PoolService.method.deletePool, { onSuccess: done });
  const error = create.error ?? update.error ?? remove.error;
  const isBusy = create.isPending || update.isPending || remove.isPending;
  const idFor = (request: object): string => {
    const of = JSON.stringify(request);
    if (requestId.current.of !== of) requestId.current = { of, id: newRequestId() };
    return requestId.current.id;
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    [create, update, remove].forEach((each) => each.reset());
    const fields = {
      name,
      description,
      includeDeferred,
      ...(!isUnlimited && { slots: Number(slots) }),
    };
    if (pool === null) create.mutate({ ...fields, requestId: idFor(["create", fields]) });
    else
      update.mutate({
        ...{ ...fields, unlimited: isUnlimited },
        requestId: idFor(["update", fields]),
      });
  };
  const destroy = () => {
    if (!isDeleting) return setIsDeleting(true);
    remove.mutate({ name, requestId: idFor(["delete", name]) });
  };
  return (
    <form onSubmit={send} className="space-y-3 overflow-y-auto px-5 py-4">
      {pool === null && (
        <label className="block" htmlFor={`${id}name`}>
          <span className="text-label text-muted">Name</span>
          <input
            id={`${id}name`}
            className={input}
            value={name}
            required
            maxLength={250}
            pattern="[A-Za-z0-9_.\-]+"
            title="Letters, digits, _ - and ."
            onChange={(event) => setName(event.target.value)}
          />
        </label>
      )}
      <div className="flex items-end gap-3">
        <label className="block flex-1" htmlFor={`${id}slots`}>
          <span className="text-label text-muted">Slots</span>
          <input
            id={`${id}slots`}
            type="number"
            min={1}
            max={slotsMax}
            required={!isUnlimited}
            disabled={isUnlimited}
            className={input}
            value={isUnlimited ? "" : slots}
            onChange={(event) => setSlots(event.target.value)}
          />
        </label>
        <label className="flex h-8 items-center gap-2">
          <input
            type="checkbox"
            checked={isUnlimited}
            onChange={(event) => setIsUnlimited(event.target.checked)}
          />
          No limit
        </label>
      </div>
      <label className="block" htmlFor={`${id}description`}>
        <span className="text-label text-muted">Description</span>
        <input
          id={`${id}description`}
          className={input}
          maxLength={1000}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      </label>
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={includeDeferred}
          onChange={(event) => setIncludeDeferred(event.target.checked)}
        />
        Deferred tasks keep their slots
      </label>
      {error !== null && (
        <p role="alert" className="text-danger">
          {callFailure(error).message}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2 pt-1">
        {pool !== null && pool.name !== defaultPool && (
          <Button tone="danger" disabled={isBusy} onClick={destroy}>
            {isDeleting ? "Delete: tasks that name it will wait" : "Delete"}
          </Button>
        )}
        <span className="flex-1" />
        <Button disabled={isBusy} onClick={onClose}>
          Cancel
        </Button>
        <Button tone="primary" type="submit" disabled={isBusy}>
          {pool === null ? "Make the pool" : "Save"}
        </Button>
      </div>
    </form>
  );
}
