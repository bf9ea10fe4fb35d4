/** The protos as data, for gRPC reflection. */

import type { DescFile } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.ts";
import { file_millrace_v1_dag_run_service } from "./gen/millrace/v1/dag_run_service_pb.ts";
import { file_millrace_v1_dag_service } from "./gen/millrace/v1/dag_service_pb.ts";
import { file_millrace_v1_system_service } from "./gen/millrace/v1/system_service_pb.ts";
import { file_millrace_v1_task_instance_service } from "./gen/millrace/v1/task_instance_service_pb.ts";
import { file_millrace_worker_v1_worker_service } from "./gen/millrace/worker/v1/worker_service_pb.ts";

const roots: readonly DescFile[] = [
  file_millrace_v1_dag_service,
  file_millrace_v1_dag_run_service,
  file_millrace_v1_task_instance_service,
  file_millrace_v1_system_service,
  file_millrace_worker_v1_worker_service,
  file_google_rpc_error_details,
];

/** A serialised `google.protobuf.FileDescriptorSet` of every service for callers and workers, imports before importers. */
export function fileDescriptorSet(): Uint8Array {
  const files = new Map<string, DescFile>();
  for (const root of roots) collect(root, files);
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, { file: Array.from(files.values(), (file) => file.proto) }),
  );
}

function collect(file: DescFile, into: Map<string, DescFile>): void {
  if (into.has(file.name)) return;
  for (const dependency of file.dependencies) collect(dependency, into);
  into.set(file.name, file);
}
