import { describe, expect, test } from "bun:test";
import { parseAllDocuments } from "yaml";
import { type KubernetesWish, kubernetesDocuments, toYaml } from "../../src/deploy/k8s.ts";
import { podFile } from "../../src/deploy/k8s-pod-file.ts";
import { podScaling } from "../../src/deploy/k8s-scaling.ts";
import { farmOf } from "./farm-of.ts";
import { apiProblems, missingApis } from "./kubernetes-apis.ts";

const farm = `# Two pools.
total_cap: 12
consumers:
  fixed: { command: [x], processes: 2, stop_timeout: 1m, max_memory: 512MiB }
  own: { command: [x], autoscaler: { min: 1, max: 50, strategy: { type: utilization } } }
  by.queue: { command: [x], autoscaler: { min: 1, max: 50, strategy: { type: queue, per_worker: 5, queues: { command: [y] } } } }
`;
const names: KubernetesWish = { name: "mail", namespace: null, image: "mail:1", scale: "hpa" };

/** The documents of a farm by their kind, as a reader of the YAML sees them, and the notes. */
function documents(yaml = farm, wish: Partial<KubernetesWish> = {}) {
  const made = kubernetesDocuments(farmOf(yaml), yaml, { ...names, ...wish });
  const text = toYaml(made);
  const all = parseAllDocuments(text).map((each): Record<string, unknown> => each.toJS());
  return { text, notes: made.notes, all, of: new Map(all.map((each) => [String(each["kind"]), each])) };
}

describe("the documents", () => {
  test.each([
    ["hpa", "HorizontalPodAutoscaler"],
    ["keda", "ScaledObject"],
  ] as const)("with %s", (scale, kind) => {
    const { all, notes } = documents(farm, { scale });
    expect(all.map((each) => each["kind"])).toEqual(["ConfigMap", "Deployment", "PodMonitor", kind]);
    expect(notes).toEqual([]);
  });

  test("all lie in the namespace that was named, and no other", () => {
    const named = documents(farm, { namespace: "prod" }).all.map((each) => each["metadata"]);
    expect(named).toEqual(named.map(() => expect.objectContaining({ name: "mail", namespace: "prod" })));
    expect(documents().text).not.toContain("namespace: prod");
  });

  test("hold no anchors, which kubectl knows and some tools do not", () => {
    expect(documents().text).not.toMatch(/[&*]a\d/u);
  });
});

const annotation = (yaml: string): string => /pm\/file: (\w+)/u.exec(documents(yaml).text)?.[1] ?? "";

const pod = (yaml?: string): unknown => documents(yaml).of.get("Deployment");

describe("the Deployment", () => {
  test("gives pm its time, tells it of it, and stops it with a reason", () => {
    expect(pod()).toMatchObject({
      spec: {
        template: {
          spec: {
            terminationGracePeriodSeconds: 67,
            containers: [
              {
                env: [{ name: "PM_STOP_GRACE", value: "65s" }],
                lifecycle: {
                  preStop: {
                    exec: {
                      command: expect.arrayContaining(["/pm", "shutdown", "--no-wait", "--file", "/etc/pm/pm.yaml"]),
                    },
                  },
                },
              },
            ],
          },
        },
      },
    });
  });

  test("probes pm over HTTP on the port of the file", () => {
    expect(pod(`http_server: {port: 8080}\n${farm}`)).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                ports: [{ name: "http", containerPort: 8080 }],
                livenessProbe: { httpGet: { path: "/livez", port: "http" } },
                readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
              },
            ],
          },
        },
      },
    });
  });

  test("reads a file that is no link, so that its control socket keeps its name", () => {
    expect(pod()).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                command: ["/pm", "serve", "/etc/pm/pm.yaml"],
                volumeMounts: expect.arrayContaining([
                  { name: "file", mountPath: "/etc/pm/pm.yaml", subPath: "pm.yaml", readOnly: true },
                ]),
              },
            ],
          },
        },
      },
    });
  });

  test("may do nothing it need not", () => {
    expect(pod()).toMatchObject({
      spec: {
        template: {
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                },
              },
            ],
          },
        },
      },
    });
  });

  test("has the memory of the largest workers that total_cap allows, and of pm", () => {
    const memory = `${128 + 2 * 512 + 10 * 256}Mi`;
    const resources = { requests: { cpu: "500m", memory }, limits: { memory } };
    expect(pod()).toMatchObject({ spec: { template: { spec: { containers: [{ resources }] } } } });
  });

  test("leaves the number of pods to the autoscaler, or is one pod", () => {
    expect(pod()).not.toMatchObject({ spec: { replicas: expect.anything() } });
    expect(pod("consumers: {a: {command: [x]}}\n")).toMatchObject({ spec: { replicas: 1 } });
  });

  test("makes new pods when the file has changed, and only then", () => {
    expect(annotation(farm)).toBe(annotation(farm));
    expect(annotation(farm)).not.toBe(annotation(farm.replace("processes: 2", "processes: 3")));
  });
});

describe("the file in the pod", () => {
  test.each([
    ["", null],
    ["http_server: false\n", "{ host: 0.0.0.0, port: 9100 }"],
    ["http_server: { port: 0 }\n", "{ host: 0.0.0.0, port: 9100 }"],
    ["http_server: { host: localhost, port: 7000 }\n", "{ host: 0.0.0.0, port: 7000 }"],
  ])("with %p listens for probes", (top, server) => {
    const text = `# A comment.\n${top}consumers:\n  a: { command: [x] } # another\n`;
    const file = podFile(text, farmOf(text).http);
    expect(file.changed).toBe(true);
    expect(file.text).toContain(`http_server: ${server ?? "{ host: 0.0.0.0, port: 9100 }"}`);
    expect(file.text).toContain("# A comment.\n");
    expect(file.text).toContain("# another\n");
    expect(farmOf(file.text).http).toEqual({ host: "0.0.0.0", port: file.port });
  });

  test("is untouched when it listens already", () => {
    const text = "http_server:   {host: 0.0.0.0}\nconsumers: {a:  {command: [x]}}\n";
    expect(podFile(text, farmOf(text).http)).toEqual({ text, port: 9100, changed: false, isBundle: false });
  });

  test("may be that of the Symfony bundle, which needs to know its project", () => {
    const text = "symfony_process_manager:\n  consumers: { a: { transports: [a] } }\n";
    const { notes, of } = documents(text);
    expect(notes).toContainEqual(expect.stringContaining("give each consumer a cwd"));
    expect(of.get("ConfigMap")).toMatchObject({
      data: { "pm.yaml": expect.stringContaining("\n  http_server: { host: 0.0.0.0, port: 9100 }\n") },
    });
  });
});

const series = (consumer: string): string =>
  `autoscaler_target_workers{M,consumer=~"${consumer}"} + autoscaler_unmet_demand{M,consumer=~"${consumer}"}`;

describe("the number of pods", () => {
  test("follows what is wanted of the pools that scale, own parts added up and whole queues once", () => {
    const scaling = podScaling(farmOf(farm));
    if (typeof scaling === "string") throw new Error(scaling);
    expect(scaling.query("M")).toBe(
      `sum(${series("own")}) + sum(max by (consumer) (${series(String.raw`by\\.queue`)}))`,
    );
    expect(scaling.workersPerPod).toBe(10);
  });

  test.each([
    ["there is no total_cap", farm.replace("total_cap: 12\n", "")],
    ["no consumer has an autoscaler", "total_cap: 3\nconsumers: {a: {command: [x]}}\n"],
  ])("follows nothing where %s, which is told", (why, yaml) => {
    const { all, notes } = documents(yaml);
    expect(all).toHaveLength(3);
    expect(notes).toEqual([expect.stringContaining(why)]);
  });

  test("is asked for under the name that the rule of the adapter has", () => {
    const { text, of } = documents(farm, { name: "my-mail" });
    expect(text).toContain("#     name: { as: my_mail_wanted_workers }\n");
    expect(of.get("HorizontalPodAutoscaler")).toMatchObject({
      spec: { metrics: [{ external: { metric: { name: "my_mail_wanted_workers" }, target: { averageValue: "10" } } }] },
    });
  });

  test("counts the pods of this Deployment in its namespace only", () => {
    const { of } = documents(farm, { scale: "keda", namespace: "prod" });
    expect(of.get("ScaledObject")).toMatchObject({
      spec: {
        triggers: [
          {
            metadata: {
              query: expect.stringContaining('{namespace="prod",pod=~"mail-[a-z0-9]+-[a-z0-9]+",consumer=~"own"}'),
            },
          },
        ],
      },
    });
  });
});

test.each([
  ["may stop for ever", "shutdown_timeout: 0\nconsumers: {a: {command: [x]}}\n", "pods get an hour"],
  ["changes its user", "consumers: {a: {command: [x], user: app}}\n", "the pods run as root"],
  ["is one of several nodes", "cluster: {nodes: 2, self: 0}\nconsumers: {a: {command: [x]}}\n", "remove cluster"],
])("of a farm that %s a note tells what that means for pods", (_, yaml, note) => {
  expect(documents(yaml).notes).toContainEqual(expect.stringContaining(note));
});

const absent = await missingApis();
if (absent !== null) console.log(`documents are not held against the APIs of Kubernetes: ${absent}`);

test.skipIf(absent !== null).each(["hpa", "keda"] as const)("are what the APIs take, with %s", async (scale) => {
  const { all } = documents(farm, { scale });
  expect(await Promise.all(all.map(apiProblems))).toEqual(all.map(() => null));
  const wrong = { ...all[1], spec: { replicas: "two" } };
  expect(await apiProblems(wrong)).not.toBeNull(); // it does look
});
