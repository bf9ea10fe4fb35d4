/** Messages between nodes, and of rows: generated from `millrace.internal.v1`. */
export * from "./gen/millrace/internal/v1/bus_pb.ts";
export * from "./gen/millrace/internal/v1/rows_pb.ts";
