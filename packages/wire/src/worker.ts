/** The contract for workers: generated messages and service of `millrace.worker.v1`. */
export * from "./gen/millrace/worker/v1/worker_service_pb.ts";
