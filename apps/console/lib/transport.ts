"use client";
/** The one RPC client: same origin, session cookie, binary. Every page goes through here. */
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { DagRunService, SystemService, TaskInstanceService } from "@millrace/wire/v1";
import { connection } from "./connection.ts";
import { isUnreachable } from "./failures.ts";

/** A unary call that takes longer is given up; the caller's retry asks again. */
const callTimeoutMs = 20_000;

export const transport = createConnectTransport({
  baseUrl: "/",
  useBinaryFormat: true,
  fetch: (input, init) => fetch(input, { ...init, credentials: "same-origin" }),
  interceptors: [watchReachability(), sendToLogin()],
});

export const runsClient = createClient(DagRunService, transport);
export const tasksClient = createClient(TaskInstanceService, transport);

/** Feeds the live chip: any answer, even a refusal, proves that the server can be reached. */
function watchReachability(): Interceptor {
  return (next) => async (request) => {
    const timeout = request.stream ? null : AbortSignal.timeout(callTimeoutMs);
    try {
      const response = await next(
        timeout === null
          ? request
          : { ...request, signal: AbortSignal.any([request.signal, timeout]) },
      );
      connection.reached();
      return response;
    } catch (error) {
      const { code } = ConnectError.from(error);
      if (!request.signal.aborted) {
        if (isUnreachable(error)) connection.lost();
        else if (code !== Code.Canceled) connection.reached();
      }
      throw error;
    }
  };
}

function sendToLogin(): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const isLogin =
        request.service.typeName === SystemService.typeName &&
        request.method.name === SystemService.method.login.name;
      if (!isLogin && ConnectError.from(error).code === Code.Unauthenticated) goToLogin();
      throw error;
    }
  };
}

/** A full load, so that nothing of the ended session stays in memory. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  if (pathname === "/login") return;
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
