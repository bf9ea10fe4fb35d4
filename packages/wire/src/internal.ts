/** Messages between nodes: generated from `millrace.internal.v1`. */
export * from "./gen/millrace/internal/v1/bus_pb.ts";
