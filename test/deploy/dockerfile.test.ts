import { describe, expect, test } from "bun:test";
import { dockerfile } from "../../src/deploy/dockerfile.ts";
import { healthUrl } from "../../src/deploy/health-url.ts";
import { farmOf } from "./farm-of.ts";

/** The instructions without the comments. */
const recipe = (yaml: string, file?: string): string[] =>
  dockerfile(farmOf(yaml, file))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("the recipe", () => {
  test("puts pm and its file into an empty image, and needs no shell", () => {
    expect(recipe("consumers: {a: {command: [php, a.php]}}\n")).toEqual([
      "FROM scratch",
      "COPY pm /pm",
      "COPY pm.yaml /pm.yaml",
      "USER 65534:65534",
      "STOPSIGNAL SIGTERM",
      'HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/pm", "health", "http://127.0.0.1:9100/livez"]',
      'ENTRYPOINT ["/pm", "serve"]',
      'CMD ["/pm.yaml"]',
    ]);
  });

  test("says what must be copied beside, and how long to wait for the stop", () => {
    const text = dockerfile(farmOf("consumers: {a: {command: [php, a.php], stop_timeout: 1m}}\n"));
    expect(text).toContain("# The workers run php: copy it, or begin FROM an image that has it.\n");
    expect(text).toContain("#   docker run --stop-timeout 65 --env PM_STOP_GRACE=65s …\n");
  });

  test("of a farm that changes users is root", () => {
    expect(recipe("consumers: {a: {command: [x], user: app}}\n")).toContain("USER 0:0");
  });

  test("copies a file whatever its name", () => {
    expect(recipe("consumers: {a: {command: [x]}}\n", "/srv/my farm.yaml")).toContain(
      'COPY ["my farm.yaml", "/pm.yaml"]',
    );
  });

  test("without a fixed port has no health check", () => {
    const farms = ["http_server: false\n", "http_server: {port: 0}\n"].map((top) =>
      recipe(`${top}consumers: {a: {command: [x]}}\n`),
    );
    expect(farms.flat().filter((line) => line.startsWith("HEALTHCHECK"))).toEqual([]);
  });
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:80/livez"],
  ["0.0.0.0", "http://127.0.0.1:80/livez"],
  ["::", "http://[::1]:80/livez"],
  ["pm.internal", "http://pm.internal:80/livez"],
])("a farm that listens on %s is asked at %s", (host, url) => {
  expect(healthUrl({ host, port: 80 })).toBe(url);
});
