import { expect, test } from "vitest";
import { assertBindIsSafe } from "./bind.ts";

test.each(["127.0.0.1", "127.9.9.9", "::1", "localhost"])("%s needs no TLS", (host) => {
  assertBindIsSafe({ host });
});

test.each(["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org"])(
  "%s is refused without TLS",
  (host) => {
    expect(() => assertBindIsSafe({ host })).toThrow("--insecure-bind");
    assertBindIsSafe({ host, isInsecureBindAllowed: true });
    assertBindIsSafe({ host, tls: { cert: "", key: "" } });
  },
);
