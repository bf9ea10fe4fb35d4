"use client";
import { useMutation } from "@connectrpc/connect-query";
import { KeyRound, LoaderCircle } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { FormEvent } from "react";
import { SystemService } from "@millrace/wire/v1";
import { Button } from "../../../components/button.tsx";
import { CallError } from "../../../components/faces.tsx";
import { newRequestId } from "../../../lib/request-id.ts";
import { useIsAlive } from "../../../lib/use-is-alive.ts";

type Props = {
  /** From the link; empty when the page was opened without one. */
  readonly token: string;
  /** A path of this console. */
  readonly next: string;
};

/** Trades the token of the link at once, or a key that is pasted. The answer's cookie is the session. */
export function LoginForm({ token, next }: Props) {
  const [typed, setTyped] = useState("");
  // Sent before the page is alive, the form would go to the login anew and forget where the person wanted to go.
  const isAlive = useIsAlive();
  const tried = useRef("");
  const login = useMutation(SystemService.method.login, {
    // A full load: the session begins with nothing kept, and the token leaves the address and the history.
    onSuccess: () => window.location.replace(next),
  });
  const { mutate } = login;
  useEffect(() => {
    // A token is good once; development renders twice.
    if (token === "" || tried.current === token) return;
    tried.current = token;
    mutate({ requestId: newRequestId(), token });
  }, [token, mutate]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const value = typed.trim();
    if (value !== "") mutate({ requestId: newRequestId(), token: value });
  };
  if (login.isSuccess || (token !== "" && (login.isPending || login.isIdle))) {
    return (
      <p role="status" className="flex items-center gap-2 text-muted">
        <LoaderCircle size={16} aria-hidden className="animate-spin" /> Logging in…
      </p>
    );
  }
  return (
    <form onSubmit={submit} className="space-y-4">
      <div className="space-y-1.5">
        <label htmlFor="token" className="font-medium">
          Login token or API key
        </label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          readOnly={!isAlive}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          aria-describedby="token-help"
          aria-invalid={login.isError}
          className="h-9 w-full rounded-control border border-line-strong bg-bg px-2.5 font-mono text-dense"
        />
        <CallError error={login.error} />
        <p id="token-help" className="text-dense text-muted">
          <code className="font-mono">millrace up</code> prints a link that logs in by itself. The
          key is in <code className="font-mono">.millrace/keys/admin.key</code>.
        </p>
      </div>
      <Button
        type="submit"
        tone="primary"
        className="h-9 w-full"
        disabled={!isAlive || login.isPending}
      >
        <KeyRound size={15} aria-hidden /> {login.isPending ? "Logging in…" : "Log in"}
      </Button>
    </form>
  );
}
