/** The contract for callers: generated messages and services of `millrace.v1`. */
export * from "./gen/millrace/v1/value_pb.ts";
export * from "./gen/millrace/v1/asset_pb.ts";
export * from "./gen/millrace/v1/asset_service_pb.ts";
export * from "./gen/millrace/v1/callback_pb.ts";
export * from "./gen/millrace/v1/deadline_pb.ts";
export * from "./gen/millrace/v1/deferral_pb.ts";
export * from "./gen/millrace/v1/schedule_pb.ts";
export * from "./gen/millrace/v1/dag_pb.ts";
export * from "./gen/millrace/v1/dag_service_pb.ts";
export * from "./gen/millrace/v1/dag_run_service_pb.ts";
export * from "./gen/millrace/v1/dependency_service_pb.ts";
export * from "./gen/millrace/v1/task_instance_pb.ts";
export * from "./gen/millrace/v1/task_instance_service_pb.ts";
export * from "./gen/millrace/v1/pool_service_pb.ts";
export * from "./gen/millrace/v1/system_service_pb.ts";
export * from "./gen/google/rpc/error_details_pb.ts";
export * from "./gen/google/rpc/status_pb.ts";
