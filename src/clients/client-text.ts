// oxlint-disable-next-line import/default -- imported as text, so that it is inside the compiled binary like the others
import node from "./node/pm-client.mjs" with { type: "text" };
// oxlint-disable-next-line import/default -- as above
import nodeTasks from "./node/pm-tasks.mjs" with { type: "text" };
// oxlint-disable-next-line import/default -- as above
import nodeTaskStreams from "./node/pm-task-streams.mjs" with { type: "text" };
import messengerSubscriber from "./php/PmMessengerSubscriber.php" with { type: "text" };
import php from "./php/PmClient.php" with { type: "text" };
import phpTask from "./php/PmTask.php" with { type: "text" };
import phpTasks from "./php/PmTasks.php" with { type: "text" };
import python from "./python/pm_client.py" with { type: "text" };
import pythonTasks from "./python/pm_tasks.py" with { type: "text" };

/** What `pm client` can print, in the order in which it is offered. */
export const clientNames = ["php-symfony", "php", "python", "node"] as const;

export type ClientName = (typeof clientNames)[number];

const sources: Readonly<Record<ClientName, string>> = {
  "php-symfony": `${messengerSubscriber}\n${withoutPhpOpening(php)}`,
  php: `${php}\n${withoutPhpOpening(phpTasks)}\n${withoutPhpOpening(phpTask)}`,
  python: `${python}\n\n${pythonTasks}`,
  node: `${node}\n${nodeTasks}\n${nodeTaskStreams}`,
};

/** True for a name that `renderClient` takes. */
export function isClientName(name: string): name is ClientName {
  return clientNames.some((known) => known === name);
}

/** The source of a ready-made worker client: one file that needs no other, ending in a newline. */
export function renderClient(name: ClientName): string {
  return sources[name];
}

/** A PHP file as it can stand behind another: the opening tag and the declaration of strict types are there already. */
function withoutPhpOpening(source: string): string {
  return source.replace(/^<\?php\s+declare\(strict_types=1\);\s+/, "");
}
