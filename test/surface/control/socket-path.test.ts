import { describe, expect, test } from "bun:test";
import {
  defaultSocketPath,
  maxSocketPathBytes,
  socketFolders,
  socketName,
} from "../../../src/surface/control/socket-path.ts";

describe("socketFolders", () => {
  test.each([
    ["root", {}, 0, ["/run/pm", "/run/user/0/pm", "/tmp/pm-0"]],
    ["a user", {}, 1000, ["/run/user/1000/pm", "/tmp/pm-1000"]],
    ["a session", { XDG_RUNTIME_DIR: "/run/user/1000" }, 1000, ["/run/user/1000/pm", "/tmp/pm-1000"]],
    [
      "folders of their own",
      { XDG_RUNTIME_DIR: "/x/", TMPDIR: "/y//" },
      7,
      ["/x/pm", "/run/user/7/pm", "/y/pm-7", "/tmp/pm-7"],
    ],
    ["relative or empty folders", { XDG_RUNTIME_DIR: "x", TMPDIR: "" }, 7, ["/run/user/7/pm", "/tmp/pm-7"]],
  ])("of %s", (_, env, uid, folders) => {
    expect(socketFolders(env, uid)).toEqual(folders);
  });
});

describe("socketName", () => {
  test.each([
    ["/srv/shop/pm.yaml", "shop-"],
    ["/srv/shop/pm.yml", "shop-"],
    ["/srv/shop/mail.yaml", "shop-mail-"],
    ["/pm.yaml", "farm-"],
    ["/srv/Ünïcode and blanks/pm.yaml", "n-code-and-blanks-"],
    ["/srv/..hidden/pm.yaml", "hidden-"],
    [`/srv/${"x".repeat(200)}/pm.yaml`, `${"x".repeat(32)}-`],
  ])("of %s begins with %s and ends with a hash", (file, readable) => {
    const name = socketName(file);
    expect(name).toStartWith(readable);
    expect(name.slice(readable.length)).toMatch(/^[0-9a-f]{10}\.sock$/u);
  });

  test("is the same for the same file, and never for two", () => {
    const files = Array.from({ length: 10_000 }, (_, index) => `/srv/${index}/app/pm.yaml`);
    expect(new Set(files.map(socketName)).size).toBe(files.length);
    expect(socketName("/srv/1/app/pm.yaml")).toBe(socketName("/srv/1/app/pm.yaml"));
  });
});

describe("defaultSocketPath", () => {
  const env = { XDG_RUNTIME_DIR: "/x" };
  const path = (usable: readonly string[]) =>
    defaultSocketPath("/srv/a/pm.yaml", env, 7, (each) => usable.includes(each));

  test("lies in the first folder that can be used", () => {
    expect(path(["/tmp/pm-7", "/run/user/7/pm"])).toBe(`/run/user/7/pm/${socketName("/srv/a/pm.yaml")}`);
    expect(path(["/x/pm", "/tmp/pm-7"])).toBe(`/x/pm/${socketName("/srv/a/pm.yaml")}`);
  });

  test("is null where no folder can be used", () => {
    expect(path([])).toBeNull();
  });

  test("is never too long for the kernel", () => {
    const long = { XDG_RUNTIME_DIR: `/${"x".repeat(maxSocketPathBytes)}` };
    expect(defaultSocketPath("/srv/a/pm.yaml", long, 7, () => true)).toStartWith("/run/user/7/pm/");
  });
});
