export { ensureCredentials, type Credentials } from "./ensure-credentials.ts";
export { startApi, type ApiOptions, type RunningApi } from "./start.ts";
export { version } from "./version.ts";
