export { createBatcher, type Batcher, type BatcherOptions } from "./batcher.ts";
export { assertBindIsSafe, isLoopback, type BindOptions, type Tls } from "./bind.ts";
export {
  createCalls,
  type Authenticated,
  type Calls,
  type CallsOptions,
  type Gate,
  type HeaderReader,
  type IncomingCall,
} from "./calls.ts";
export {
  describeConfig,
  loadConfig,
  secret,
  variableOf,
  type ConfigInputs,
  type ConfigSchema,
  type ConfigSource,
  type LoadedConfig,
} from "./config.ts";
export { errorToStatus, statusDetails, type PublicError } from "./error-to-status.ts";
export { reflectionMethod } from "./grpc-reflection.ts";
export { startGrpcServer, type GrpcServerOptions, type RunningServer } from "./grpc-server.ts";
export { readCookie, writeCookie, type CookieOptions } from "./http-headers.ts";
export { startHttpServer, type HttpServerOptions } from "./http-server.ts";
export {
  createLifecycle,
  type Lifecycle,
  type LifecycleOptions,
  type Part,
  type Stoppable,
} from "./lifecycle.ts";
export { messageBytesMaxOf, serviceLimits } from "./limits.ts";
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from "./logger.ts";
export { createLoop, type Loop, type LoopOptions } from "./loop.ts";
export { createOutbox, type Outbox, type OutboxOptions } from "./outbox.ts";
export { anonymous, principalLabel, type Principal, type Role } from "./principal.ts";
export {
  methodName,
  rpcService,
  type AnyHandler,
  type Call,
  type Handler,
  type Handlers,
  type RpcMethod,
  type RpcService,
} from "./rpc.ts";
