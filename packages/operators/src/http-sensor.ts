/** Waits for what a URL answers, without a slot. */

import { context, defer, sensor, trigger } from "@millrace/sdk";
import type { Handle, HttpEvent, HttpTriggerOptions, SensorOptions } from "@millrace/sdk";
import { renderText, renderUrl, type TemplateData } from "./texts.ts";

export type HttpSensorOptions = Omit<
  SensorOptions,
  "mode" | "interval" | "backoff" | "maxInterval"
> &
  Omit<HttpTriggerOptions, "url"> & {
    /** A Liquid template; values in it are written as parts of a URL: "https://a.example/jobs/{{ data.id }}". */
    readonly url: string;
    /** Values for the templates of url and body: `{{ data.id }}`. They may be handles. */
    readonly data?: TemplateData;
  };

/**
 * Waits until a URL answers as asked for; its value is the answer. A triggerer looks, once every `interval`; `timeout`
 * (default "7d") and `softFail` are those of sensors. What it takes for "not yet" stands in docs/waiting.md.
 *
 * @example
 * const answer = httpSensor({ url: "https://a.example/jobs/{{ data.id }}", data: { id: jobId },
 *   until: { path: "state", equals: "done" }, timeout: "2h" });
 */
export function httpSensor(options: HttpSensorOptions): Handle<HttpEvent> {
  const { url, method, headers, body, interval, status, until, data = {}, ...others } = options;
  const wait = (given: Readonly<Record<string, unknown>>) =>
    defer(
      trigger.http({
        url: renderUrl(url, context(), given),
        ...(body !== undefined && { body: renderText(body, context(), given) }),
        ...(method !== undefined && { method }),
        ...(headers !== undefined && { headers }),
        ...(interval !== undefined && { interval }),
        ...(status !== undefined && { status }),
        ...(until !== undefined && { until }),
      }),
    );
  return sensor({ id: "http_sensor", ...others }, wait)(data);
}
