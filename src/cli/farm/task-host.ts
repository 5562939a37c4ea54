import { hostname } from "node:os";
import type { Host } from "../../runtime/host.ts";
import { openIntake } from "../../runtime/intake/intake.ts";
import type { Supervisor } from "../../runtime/supervisor.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { connectToServer } from "../../runtime/tasks/fastcgi-child-lane.ts";
import { taskDesk } from "../../runtime/tasks/task-desk.ts";
import type { Intake, TaskHost } from "../../runtime/tasks/task-ports.ts";

/** What the tasks of a running farm have of the world. `file` is the absolute path of the pm.yaml. */
export function createTaskHost(
  file: string,
  emit: Host["emit"],
  farm: () => Supervisor,
): { readonly host: TaskHost; readonly endIntakes: () => Promise<unknown> } {
  const node = `${hostname()}:${file}`;
  const intakes = new Set<Intake>();
  const host: TaskHost = {
    desk: taskDesk(farm),
    connect: (address, spec, owner) => connectToServer(address, spec, owner, systemClock),
    openIntake(spec, source, inlet) {
      const notice = (level: "debug" | "info" | "warning" | "error", message: string, context: object): void => {
        if (level !== "debug") emit({ type: "notice", level, message, context: { consumer: spec.name, ...context } });
      };
      const intake = openIntake(spec.name, source, inlet, { clock: systemClock, node, notice });
      intakes.add(intake);
      return {
        depth: () => intake.depth(),
        stop: () => intake.stop().finally(() => intakes.delete(intake)),
      };
    },
  };
  return { host, endIntakes: () => Promise.all([...intakes].map((intake) => intake.stop())) };
}
