import { basename } from "node:path";
import type { FarmSpec } from "../core/farm/spec.ts";
import { healthUrl } from "./health-url.ts";
import { needsOf } from "./farm-needs.ts";

/** A container recipe that runs the farm in an image with nothing else in it. Ends with a newline. */
export function dockerfile(spec: FarmSpec): string {
  const { graceSeconds, programs, changingUser } = needsOf(spec);
  const url = healthUrl(spec.http);
  const file = basename(spec.file);
  const from = JSON.stringify(file) === `"${file}"` && !/\s/u.test(file) ? file : JSON.stringify(file);
  const grace =
    graceSeconds === null
      ? ["# A worker may take for ever to stop: give `docker run` a --stop-timeout that is long enough."]
      : [
          "# Docker kills 10 s after it asked to stop, unless told otherwise; these workers may need longer or less:",
          `#   docker run --stop-timeout ${graceSeconds} --env PM_STOP_GRACE=${graceSeconds}s …`,
        ];
  const lines = [
    "# Build it where pm (the packed binary) and the file are: docker build --tag workers .",
    "FROM scratch",
    "COPY pm /pm",
    from === file ? `COPY ${file} /pm.yaml` : `COPY [${from}, "/pm.yaml"]`,
    `# The workers run ${programs.length === 0 ? "what the source names" : programs.join(", ")}: copy it, or begin FROM an image that has it.`,
    ...(changingUser.length === 0
      ? ["USER 65534:65534"]
      : [`# Root, since the file gives ${changingUser.join(", ")} a user or group.`, "USER 0:0"]),
    "STOPSIGNAL SIGTERM",
    ...grace,
    ...(url === null
      ? ["# http_server is off or has no fixed port: there is nothing for a HEALTHCHECK to ask."]
      : [`HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/pm", "health", "${url}"]`]),
    'ENTRYPOINT ["/pm", "serve"]',
    'CMD ["/pm.yaml"]',
  ];
  return `${lines.join("\n")}\n`;
}
