import { type Command, textOf } from "../command.ts";
import { file } from "./file.ts";

/** Texts that tell a platform how to run a farm, and what they call. */
export const deployCommands: readonly Command[] = [
  {
    name: "unit",
    summary: "Print a systemd service for a pm.yaml",
    examples: ["pm unit /srv/app/pm.yaml > /etc/systemd/system/workers.service"],
    args: file,
    run: async (args) => (await import("../commands/unit.ts")).runUnit({ file: textOf(args, "file") }),
  },
  {
    name: "dockerfile",
    summary: "Print a container recipe for a pm.yaml, from an empty image",
    examples: ["pm dockerfile > Dockerfile"],
    args: file,
    run: async (args) => (await import("../commands/dockerfile.ts")).runDockerfile({ file: textOf(args, "file") }),
  },
  {
    name: "k8s",
    summary: "Print a Deployment, a PodMonitor and an autoscaler of Kubernetes for a pm.yaml",
    examples: ["pm k8s --image registry.example/mail:1.2 --name mail | kubectl apply -f -", "pm k8s --scale keda"],
    args: {
      ...file,
      image: { type: "string", valueHint: "IMAGE", description: "The image of the pods (default: NAME:latest)" },
      name: { type: "string", valueHint: "NAME", description: "Of all documents (default: the folder of the file)" },
      namespace: {
        type: "string",
        valueHint: "NAME",
        description: "Where they are (default: where kubectl puts them)",
      },
      scale: { type: "string", valueHint: "HOW", description: "hpa (default, with the Prometheus adapter) or keda" },
    },
    completes: { scale: ["hpa", "keda"], image: [], name: [], namespace: [] },
    run: async (args) =>
      (await import("../commands/k8s.ts")).runKubernetes({
        file: textOf(args, "file"),
        image: textOf(args, "image"),
        name: textOf(args, "name"),
        namespace: textOf(args, "namespace"),
        scale: textOf(args, "scale"),
      }),
  },
  {
    name: "health",
    summary: "Ask a running pm over HTTP whether it is alive; for health checks in containers without a shell",
    examples: ["pm health", "pm health http://127.0.0.1:9100/readyz"],
    args: {
      url: { type: "positional", required: false, description: "What to ask (default: http://127.0.0.1:9100/livez)" },
    },
    completes: { url: [] },
    run: async (args) => (await import("../commands/health.ts")).runHealth({ url: textOf(args, "url") }),
  },
];
