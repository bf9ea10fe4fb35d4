/** `docs/errors.md`, from the one table of reasons. */

import { reasons, type ReasonInfo } from "@millrace/engine";

/** Connect's mapping of codes to HTTP. */
const httpStatus: Record<ReasonInfo["code"], number> = {
  invalid_argument: 400,
  failed_precondition: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  aborted: 409,
  resource_exhausted: 429,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
  deadline_exceeded: 504,
};

const introduction = `# Errors

Every refused call says why in two ways: a gRPC code with one sentence for people, and a \`google.rpc.ErrorInfo\` for
programs, with a \`reason\` of this page, the domain \`millrace\`, and facts as \`metadata\`. Over gRPC it travels in
\`grpc-status-details-bin\`, over HTTP in \`details\` of the JSON body. Every answer over HTTP, and every refusal over gRPC, carries
\`x-request-id\`; the server's log has the same id.

\`UNAVAILABLE\`, \`DEADLINE_EXCEEDED\` and \`RESOURCE_EXHAUSTED\` mean: ask again, with the same \`request_id\`.
`;

export function errorDocs(): string {
  const sections = Object.entries(reasons).map(
    ([reason, { code, text }]: [string, ReasonInfo]) =>
      `## ${reason}\n\n${text}\n\ngRPC \`${code.toUpperCase()}\`, HTTP ${httpStatus[code]}.\n`,
  );
  return [introduction, ...sections].join("\n");
}
